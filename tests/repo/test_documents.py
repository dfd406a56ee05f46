"""Facts about the documents: generated pages are current, links lead somewhere, commands exist."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from gradqueue.cli import main

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])
PAGES = runpy.run_path(str(ROOT / "docs/generate.py"))["PAGES"]


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_current(page: str) -> None:
    assert (ROOT / "docs" / page).read_text() == PAGES[page](), "run: make docs"


@pytest.mark.parametrize("document", DOCUMENTS, ids=names(DOCUMENTS))
def test_links_to_files_lead_somewhere(document: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]+`", "", document.read_text(), flags=re.DOTALL)
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", prose)
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("index", ["docs/README.md", "docs/decisions/README.md"])
def test_an_index_names_every_page_beside_it(index: str) -> None:
    pages = {path.name for path in (ROOT / index).parent.glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"({page})" not in (ROOT / index).read_text()} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=names(DOCUMENTS))
def test_commands_that_documents_name_exist(document: Path) -> None:
    """In code only: in prose "gradqueue takes a job" is no command."""
    text = document.read_text()
    code = "\n".join(
        re.findall(r"```(?:sh|bash|console)\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text)
    )
    commands = set(re.findall(r"^gradqueue ([a-z]+)", code, re.MULTILINE))
    assert commands - set(main.commands) == set()
    targets = set(re.findall(r"^make ([a-z-]+)", code, re.MULTILINE))
    assert targets - set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)) == set()


def test_pages_that_the_code_refers_to_exist() -> None:
    code = [
        path
        for part in ("engine", "nn", "services", "gradqueue", "migrations")
        for path in (ROOT / part).rglob("*.py")
    ]
    mentioned = {page for path in code for page in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text())}
    assert {page for page in mentioned if not (ROOT / page).exists()} == set()


def test_tests_that_documents_name_exist() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"^def (test_\w+)", tests, re.MULTILINE))
    named = {name for page in DOCUMENTS for name in re.findall(r"`(test_\w+)`", page.read_text())}
    assert named - defined == set()
