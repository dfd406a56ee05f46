"""A hundred thousand jobs wait: nothing gets slower, and no process gets bigger."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@pytest.fixture(params=["sqlite", "postgresql"])
def stack(request: pytest.FixtureRequest, own_stack: Callable[..., Stack]) -> Stack:
    return own_stack(request.param)


@pytest.fixture
def store(stack: Stack) -> Iterator[Store]:
    store = Store(stack.database_url, Settings(database_wait_seconds=30.0, database_statement_seconds=60.0))
    yield store
    store.close()


@dataclass(frozen=True)
class Measured:
    """Seconds of each call; megabytes of the API and of the worker's main process after many of them."""

    seconds: dict[str, float]
    api: float
    worker: float


def test_with_100_000_jobs_waiting_calls_take_as_long_as_with_100_and_memory_is_flat(
    stack: Stack, store: Store
) -> None:
    short = measured(stack, store, SHORT)
    long = measured(stack, store, LONG)
    ratios = {what: long.seconds[what] / seconds for what, seconds in short.seconds.items()}
    assert max(ratios.values()) <= RATIO, ratios
    assert (long.api - short.api, long.worker - short.worker) < (GROWTH, GROWTH), (short, long)


def measured(stack: Stack, store: Store, waiting: int) -> Measured:
    """Measure with so many jobs in the queue; then let a worker train some of them."""
    stack.worker.stop()
    job_id = stack.submit(work.short_job(), check=False)
    fill_queue(store, waiting)
    analyze(stack.database_url)
    calls: dict[str, Callable[[], object]] = {
        "submit": lambda: stack.client.post_job(work.short_job()),
        "look": lambda: stack.client.job(job_id),
        "queue": lambda: stack.client.ask("GET", "/v1/queue"),
        "claim": lambda: jobs.hand_back(store, claimed(store)),
        "sweep": lambda: jobs.sweep(store, limit=100, ring_again_seconds=3600.0),
    }
    seconds = {what: quick_seconds(call) for what, call in calls.items()}
    api = usage.of(*stack.api.processes()).megabytes
    before = len(stack.ids("status = 'succeeded'"))
    stack.worker.start()
    wait_until(lambda: len(stack.ids("status = 'succeeded'")) >= before + SHORT // 2, 120.0, "jobs are done")
    return Measured(seconds, api, usage.of(stack.worker.pid).megabytes)


def quick_seconds(call: Callable[[], object]) -> float:
    """Return the time of the quickest tenth of calls: what the call itself takes on a busy machine."""
    seconds = []
    for _ in range(CALLS):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return sorted(seconds)[CALLS // 10]
