"""A hundred thousand jobs wait: nothing gets slower, and no process gets bigger."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from services import jobs
from services.settings import Settings
from services.store import Store
from tests.faults import work
from tests.faults.parts import usage
from tests.faults.parts.waiting import wait_until
from tests.support.databases import analyze
from tests.support.jobs import claimed, fill_queue

if TYPE_CHECKING:
    from tests.faults.parts.stack import Stack

pytestmark = pytest.mark.service

SHORT, LONG = 100, 100_000
#: Calls of each kind that are timed.
CALLS = 60
#: A call may take so many times as long with the long queue.
RATIO = 2.0
#: Megabytes by which a service may be bigger with the long queue.
GROWTH = 25.0


class Queue:
    """A whole service of its own in which so many jobs wait."""

    def __init__(self, stack: Stack, waiting: int) -> None:
        self._stack = stack
        stack.worker.stop()
        self._job_id = stack.submit(work.short_job(), check=False)
        settings = Settings(database_wait_seconds=30.0, database_statement_seconds=60.0)
        self._store = Store(stack.database_url, settings)
        fill_queue(self._store, waiting)
        analyze(stack.database_url)
        self.calls: dict[str, Callable[[], object]] = {
            "submit": lambda: stack.client.post_job(work.short_job()),
            "look": lambda: stack.client.job(self._job_id),
            "queue": lambda: stack.client.ask("GET", "/v1/queue"),
            "claim": lambda: jobs.hand_back(self._store, claimed(self._store)),
            "sweep": lambda: jobs.sweep(self._store, limit=100, ring_again_seconds=3600.0),
        }

    def api_megabytes(self) -> float:
        return usage.of(*self._stack.api.processes()).megabytes

    def worker_megabytes(self) -> float:
        """What its main process takes after some of the jobs were trained."""
        self._stack.worker.start()
        done = "status = 'succeeded'"
        wait_until(lambda: len(self._stack.ids(done)) >= SHORT // 2, 120.0, "jobs are done")
        return usage.of(self._stack.worker.pid).megabytes

    def close(self) -> None:
        self._store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_with_100_000_jobs_waiting_calls_take_as_long_as_with_100_and_memory_is_flat(
    own_stack: Callable[..., Stack], kind: str
) -> None:
    with (
        contextlib.closing(Queue(own_stack(kind), SHORT)) as short,
        contextlib.closing(Queue(own_stack(kind), LONG)) as long,
    ):
        ratios = {what: ratio(call, long.calls[what]) for what, call in short.calls.items()}
        assert max(ratios.values()) <= RATIO, ratios
        assert long.api_megabytes() - short.api_megabytes() < GROWTH
        assert long.worker_megabytes() - short.worker_megabytes() < GROWTH


def ratio(short: Callable[[], object], long: Callable[[], object]) -> float:
    """Return how many times as long the second call takes, whatever else the machine does.

    They take turns, so that it does the same to both; and of each the quickest tenth is looked at.
    """
    seconds: tuple[list[float], list[float]] = [], []
    for _ in range(CALLS):
        for call, times in zip((short, long), seconds, strict=True):
            began = time.perf_counter()
            call()
            times.append(time.perf_counter() - began)
    quick_short, quick_long = (sorted(times)[CALLS // 10] for times in seconds)
    return quick_long / quick_short
