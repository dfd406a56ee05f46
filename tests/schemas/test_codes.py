"""Every error code has its place in the tables and a page that explains it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from services import errors
from services.api.problems import KINDS
from services.schemas.codes import INPUT_CODES

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "problems"

#: Domain errors that only a worker meets, or only who moves or restores a database.
NOT_FOR_CLIENTS = {
    "lease_lost",
    "progress_lost",
    "determinism_violation",
    "unreadable_export",
    "unreadable_backup",
}

#: Calls that make a problem of an input, and which of their arguments is the code.
CODE_ARGUMENT = {"Problem": 1, "Refusal": 1, "own_error": 0, "add": 0, "_Refused": 0, "AtMost": 1}
CODE_ARGUMENT |= {"add_line": 0, "refused": 0}


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} == set(KINDS) | set(INPUT_CODES)


def test_no_code_means_two_things() -> None:
    assert not set(KINDS) & set(INPUT_CODES)


def test_every_page_says_what_it_is_about_and_what_to_do() -> None:
    for page in PAGES.glob("*.md"):
        text = page.read_text()
        assert text.startswith("# "), page.name
        assert "**What to do:**" in text, page.name


def test_every_domain_error_has_an_http_status() -> None:
    codes = {kind.code for kind in _subclasses(errors.DomainError) if "code" in vars(kind)}
    assert codes - set(KINDS) == NOT_FOR_CLIENTS


def test_every_code_in_the_source_is_in_the_table() -> None:
    """And the other way round: what nothing can cause need not be explained."""
    used = {
        code
        for folder in ("schemas", "api", "jobs", "store")
        for path in (ROOT / "services" / folder).rglob("*.py")
        for code in _codes(ast.parse(path.read_text()))
    }
    table = ROOT / "services" / "schemas" / "problems.py"
    used |= {code for code, _ in _literal(ast.parse(table.read_text()), "_MEANINGS").values()}
    vocabulary = (ROOT / "services" / "schemas" / "vocabulary.py").read_text()
    used |= {code for code in ("unknown_field", "read_only_field") if f'"{code}"' in vocabulary}
    assert used == set(INPUT_CODES)


def _codes(tree: ast.AST) -> Iterator[str]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            place = CODE_ARGUMENT.get(name)
            if place is not None and place < len(call.args):
                for code in ast.walk(call.args[place]):
                    if isinstance(code, ast.Constant) and isinstance(code.value, str):
                        yield code.value


def _literal(tree: ast.Module, name: str) -> dict[str, tuple[str, str]]:
    for statement in tree.body:
        if isinstance(statement, ast.AnnAssign) and getattr(statement.target, "id", "") == name:
            assert statement.value is not None
            found: dict[str, tuple[str, str]] = ast.literal_eval(statement.value)
            return found
    raise AssertionError(f"there is no table {name}")


def _subclasses(kind: type) -> Iterator[type]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
