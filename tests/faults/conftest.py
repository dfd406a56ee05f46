"""Fixtures: a running service of the test's own, on each kind of store."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.bench import Bench
from tests.faults.parts import sql
from tests.faults.parts.postgresql import programs
from tests.faults.parts.redis import redis_program
from tests.faults.parts.stack import Stack
from tests.support.databases import PostgresqlDatabase, absent

#: How long `make chaos` runs, in minutes; 0 or unset in the suite.
MINUTES = "GRADQUEUE_TEST_CHAOS_MINUTES"

#: Seconds for one test with what comes before and after; what it waits for has limits of its own.
TEST_SECONDS = 600.0

KINDS = ("sqlite", "postgresql")

_stacks: dict[str, Stack] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests of one kind of stack run one after the other, and as long as they wait for conditions."""
    for item in items:
        if not item.path.is_relative_to(Path(__file__).parent):
            continue
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))
        for kind in KINDS:
            if kind in item.name:
                item.add_marker(pytest.mark.xdist_group(f"faults on {kind}"))


def _require_programs(kind: str) -> None:
    if sys.platform != "linux":
        pytest.skip("processes are frozen and followed by means of Linux")
    if kind == "postgresql" and (programs() is None or redis_program() is None):
        absent("the programs of PostgreSQL and Redis are not installed")


def _stack(kind: str) -> Stack:
    _require_programs(kind)
    if kind not in _stacks:
        _stacks[kind] = Stack(kind)
        _stacks[kind].start()
    return _stacks[kind]


@pytest.fixture(scope="session", autouse=True)
def _end_of_the_stacks() -> Iterator[None]:
    yield
    while _stacks:
        _stacks.popitem()[1].close()


@pytest.fixture
def long_seconds() -> float:
    """How long a long outage lasts: longer than any time-out in the suite, 75 s in a long campaign."""
    return 75.0 if float(os.environ.get(MINUTES, "0")) >= 5 else 6.0


@pytest.fixture(params=KINDS)
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The whole service, healthy and with nothing to do; judged after the test.

    It is started once per test process and healed before each test: what a test broke, the service must
    survive without a new start. After a failed test the next one gets a new stack.
    """
    stack = _stack(request.param)
    before = request.session.testsfailed
    yield stack
    try:
        stack.heal()
        stack.wait_until_quiet()
        assert stack.violations() == []
    except BaseException:
        _stacks.pop(request.param).close()
        raise
    if request.session.testsfailed > before:
        _stacks.pop(request.param).close()


@pytest.fixture
def own_stack() -> Iterator[Callable[..., Stack]]:
    """Makes a whole service for one test alone, and starts it: `own_stack(kind, settings=…)`."""
    with contextlib.ExitStack() as held:

        def start(kind: str, **options: Any) -> Stack:
            _require_programs(kind)
            stack = held.enter_context(contextlib.closing(Stack(kind, **options)))
            stack.start()
            return stack

        yield start


@pytest.fixture
def bench(database_url: str, tmp_path: Path) -> Iterator[Bench]:
    """A store of each kind, on which processes die."""
    bench = Bench(database_url, tmp_path)
    yield bench
    bench.close()


@pytest.fixture(params=KINDS)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes databases without any table, and returns the URL of each."""
    if request.param == "sqlite":
        numbers = itertools.count()
        yield lambda: f"sqlite:///{tmp_path / f'{next(numbers)}.db'}"
        return
    made = PostgresqlDatabase()
    url = made.fresh()

    def emptied() -> str:
        sql.rows(url, "DROP SCHEMA public CASCADE")
        sql.rows(url, "CREATE SCHEMA public")
        return url

    yield emptied
    made.drop()
