"""Facts about what is depended on, and who may import whom."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
DEVELOPMENT = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]


def locked(file: str) -> dict[str, str]:
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / file).read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pins}


@pytest.mark.parametrize(
    ("file", "requirements"),
    [("requirements.lock", RUNTIME), ("requirements-dev.lock", RUNTIME + DEVELOPMENT)],
    ids=["runtime", "development"],
)
def test_the_lock_file_satisfies_pyproject(file: str, requirements: list[Requirement]) -> None:
    pins = locked(file)
    wanting = [str(r) for r in requirements if pins.get(canonicalize_name(r.name), "0") not in r.specifier]
    assert wanting == [], "run: make lock"


@pytest.mark.parametrize("file", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_name_no_place_to_download_from(file: str) -> None:
    """They must work wherever packages come from; the hashes say whether they are the right ones."""
    assert re.findall(r"https?://|--index|--find-links", (ROOT / file).read_text()) == []


def test_every_dependency_has_its_reason_on_record() -> None:
    page = (ROOT / "docs/decisions/libraries.md").read_text()
    assert [r.name for r in RUNTIME + DEVELOPMENT if not re.search(rf"\b{re.escape(r.name)}\b", page)] == []


def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


FORBIDDEN = {"time", "datetime", "os", "socket", "subprocess", "threading", "logging", "secrets", "uuid"}
PURE = sorted([*(ROOT / "engine").rglob("*.py"), *(ROOT / "nn").rglob("*.py")])


@pytest.mark.parametrize("file", PURE, ids=lambda file: str(file.relative_to(ROOT)))
def test_engine_and_nn_know_no_clock_no_processes_and_no_environment(file: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])
    assert imported & FORBIDDEN == set()
