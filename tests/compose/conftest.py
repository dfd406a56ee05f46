"""The image, built once; the stack, started once and healed before each test; and the figures seen."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import pytest

from tests.compose import docker
from tests.compose.stack import IMAGE, PATIENCE, Stack
from tests.faults import work
from tests.support.databases import absent
from tests.support.waiting import until

#: What is measured on the way, in words; shown at the end.
_figures: list[str] = []


@pytest.fixture(scope="session")
def image() -> str:
    """The tag of the image, built from this folder."""
    if shutil.which("docker") is None or docker.run("docker", "info").returncode != 0:
        absent("no Docker engine answers here; `docker info` says more")
    began = time.monotonic()
    docker.build(IMAGE)
    size = docker.inspect(IMAGE)["Size"]
    base = docker.inspect("python:3.13-slim")["Size"]
    _figures.append(f"image built, or found built, in {time.monotonic() - began:.1f} s")
    _figures.append(f"image: {size / 1e6:.0f} MB, of which Python's {base / 1e6:.0f} MB")
    return IMAGE


@pytest.fixture(scope="session")
def _started(image: str) -> Iterator[Stack]:
    stack = Stack()
    try:
        _cold_start(stack)
        yield stack
    finally:
        stack.discard()


@pytest.fixture
def stack(_started: Stack) -> Stack:
    """A stack that runs and is ready, with one worker."""
    _started.heal()
    return _started


def _cold_start(stack: Stack) -> None:
    """Start the stack from nothing (no volumes), and train a job as soon as it takes one."""
    began = time.monotonic()
    stack.up()
    until(stack.is_answering, "an answer of the API", PATIENCE)
    answered = time.monotonic()
    stack.client.wait(stack.submit(work.short_job()), timeout_seconds=PATIENCE)
    done = time.monotonic()
    _figures.append(
        f"cold start: {answered - began:.1f} s until the API answers, {done - began:.1f} s until an API key"
        " is made and the first job is done"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures."""
    for figure in _figures:
        terminalreporter.write_line(figure)
