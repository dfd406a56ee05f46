"""Wrong clocks, a machine that stood still, and everything at once."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.faults import work
from tests.faults.parts.stack import LEASE_SECONDS
from tests.faults.parts.waiting import wait_until

if TYPE_CHECKING:
    from tests.faults.parts.stack import Stack

pytestmark = pytest.mark.service

TWO_HOURS = 2 * 3600.0


@pytest.mark.parametrize("ahead", [TWO_HOURS, -TWO_HOURS], ids=["ahead", "behind"])
def test_a_worker_whose_clock_is_two_hours_off_takes_nothing_from_the_others(
    stack: Stack, ahead: float
) -> None:
    """Leases know the database's clock only. kombu's own book-keeping does not, and may ring again."""
    stack.add_worker("wrong clock", "--clock-ahead", str(ahead)).start()
    ids = [stack.submit(work.job_of(1.0, seed=seed)) for seed in range(6)]
    jobs = [stack.wait_for_end(job_id) for job_id in ids]
    assert {(job["status"], job["attempt"]) for job in jobs} == {("succeeded", 1)}


def test_a_machine_that_stood_still_costs_no_attempt(stack: Stack, long_seconds: float) -> None:
    ids = [stack.submit(work.job_of(3.0, seed=seed)) for seed in range(2)]
    for job_id in ids:
        stack.wait_for_epochs(job_id)
    parts = [part for part in (stack.worker, stack.api, stack.broker, stack.database) if part is not None]
    for part in parts:
        part.freeze()
    frozen = time.monotonic()
    wait_until(
        lambda: time.monotonic() - frozen > max(long_seconds, 2 * LEASE_SECONDS), 100.0, "a long time passes"
    )
    for part in reversed(parts):
        part.thaw()
    assert {stack.wait_for_end(job_id)["status"] for job_id in ids} == {"succeeded"}
    assert [stack.lost_attempts(job_id) for job_id in ids] == [0, 0]


def test_jobs_cancelled_at_any_moment_are_cancelled_or_done_but_never_both(stack: Stack) -> None:
    """Cancel meets claim, flush and finish at random; the judge looks at every change that was made."""
    ids = [
        stack.submit(work.short_job(seed % 4, epochs=1 + 4000 * (seed % 3)), check=False)
        for seed in range(24)
    ]

    def cancel(job_id: str) -> str:
        with contextlib.closing(stack.client_of(stack.api)) as client:
            client.act(job_id, "cancel")
            return str(client.job(job_id)["status"])

    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(cancel, ids))
    assert set(statuses) <= {"cancelled", "succeeded"}
    stack.wait_until_quiet()
    assert [stack.status(job_id) for job_id in ids] == statuses


def test_a_job_cancelled_during_its_rescue_stays_cancelled(stack: Stack) -> None:
    ids = [stack.submit(work.job_of(3.0, seed=seed)) for seed in range(2)]
    for job_id in ids:
        stack.wait_for_epochs(job_id)
    stack.kill_at("sweep: before commit")
    stack.freeze_worker()
    stack.add_worker("rescuer").start()
    stack.wait_for_kill()
    for job_id in ids:
        assert stack.client.act(job_id, "cancel") is not None
    stack.worker.thaw()
    stack.wait_until_quiet()
    assert [stack.status(job_id) for job_id in ids] == ["cancelled", "cancelled"]


def test_one_idempotency_key_from_fifty_threads_over_two_apis_one_of_them_killed_makes_one_job(
    stack: Stack,
) -> None:
    other = stack.add_api("other api")
    other.start()
    document, begun = work.short_job(), threading.Barrier(51)

    def submit(number: int) -> str:
        with contextlib.closing(stack.client_of((stack.api, other)[number % 2])) as client:
            begun.wait()
            response = client.post_job(document, "the-one-key")
        if response is not None and response.ok:
            return str(response.json()["id"])
        with contextlib.closing(stack.client_of(stack.api)) as client:  # as a client tries again elsewhere
            return client.submit(document, "the-one-key")

    with ThreadPoolExecutor(50) as threads:
        ids = [threads.submit(submit, number) for number in range(50)]
        begun.wait()
        other.kill()
        assert len({found.result() for found in ids}) == 1
