"""Facts about the files: of bounded length, finished, and tied to nobody's machine."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tracked(*patterns: str) -> list[Path]:
    """The files that git knows or would take; a downloaded archive has no git and skips."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def offences(pattern: str, files: list[Path]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in files
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1)
        if file != Path(__file__) and re.search(pattern, line)
    ]


def test_no_file_is_longer_than_one_idea() -> None:
    lengths = {file: len(file.read_text().splitlines()) for file in tracked("*.py")}
    exempt = ("tests/", "migrations/versions/")
    assert {
        str(file.relative_to(ROOT)): length
        for file, length in lengths.items()
        if length > 350 and not str(file.relative_to(ROOT)).startswith(exempt)
    } == {}


def test_nothing_is_left_open() -> None:
    assert offences(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b", tracked("*.py")) == []


def test_no_test_sleeps() -> None:
    """The helpers that wait for a condition may pause between two looks; a test itself never does."""
    calls = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in tracked("tests/*.py")
        if file.name.startswith("test_")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"time.sleep", "sleep"}
    ]
    assert calls == []


def test_no_file_names_a_place_on_somebody_s_machine() -> None:
    files = [file for file in tracked() if file.suffix not in {".lock", ".png"}]
    assert offences(r"(?<![\w.])/(home|Users|root|work)/\w|--(extra-)?index-url", files) == []


def test_scripts_can_be_executed() -> None:
    scripts = [file for file in tracked(".ci/*", "examples/*.sh") if file.read_bytes().startswith(b"#!")]
    assert {file.name for file in scripts} >= {"run", "setup", "curl.sh"}
    assert [file.name for file in scripts if not file.stat().st_mode & 0o100] == []
