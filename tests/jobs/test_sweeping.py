"""Sweeping: silent workers lose their jobs, jobs that kill workers end, and nothing waits unheard."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from services import jobs
from services.status import Status
from services.store import tables
from tests.support.jobs import claimed, flush, in_status, silence, submitted, swept

if TYPE_CHECKING:
    from services.store import Store


def test_a_living_worker_keeps_its_job(store: Store) -> None:
    submitted(store)
    claimed(store)

    assert swept(store) == jobs.Swept([], [], [])


def test_a_silent_worker_loses_its_job_and_a_worker_is_rung(store: Store) -> None:
    job = submitted(store)
    flush(store, claimed(store), 1, 10)
    silence(store, job.id)

    assert swept(store) == jobs.Swept([job.id], [], [job.id])

    again = claimed(store)
    assert (again.attempt, again.epoch) == (2, 10)


def test_a_job_that_kills_every_worker_fails_after_its_last_attempt(store: Store) -> None:
    job = submitted(store, max_attempts=3)
    for _ in range(2):
        claimed(store)
        silence(store, job.id)
        assert swept(store).taken_back == [job.id]
    claimed(store)
    silence(store, job.id)

    assert swept(store) == jobs.Swept([], [job.id], [])

    failed = jobs.get(store, job.id)
    assert (failed.status, failed.error_code) == (Status.FAILED, "worker_lost")
    assert (failed.attempt, failed.lost_attempts) == (3, 3)


def test_a_sweep_takes_back_a_bounded_number_and_the_longest_silent_first(store: Store) -> None:
    ids = [submitted(store).id for _ in range(5)]
    for _ in ids:
        claimed(store)
    with store.transaction() as connection:
        for age, job_id in enumerate(ids):
            late = update(tables.jobs).where(tables.jobs.c.id == job_id)
            connection.execute(late.values(lease_expires_at=100 - age))

    first = jobs.sweep(store, limit=3, ring_again_seconds=3600)
    second = jobs.sweep(store, limit=3, ring_again_seconds=3600)

    assert [first.taken_back, second.taken_back] == [ids[:1:-1], ids[1::-1]]


def test_sweepers_at_once_take_each_job_back_once(store: Store) -> None:
    ids = [submitted(store).id for _ in range(10)]
    for job_id in ids:
        claimed(store)
        silence(store, job_id)
    start = threading.Barrier(4)
    taken_back: list[str] = []

    def sweep() -> None:
        start.wait()
        taken_back.extend(swept(store).taken_back)

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken_back) == sorted(ids)
    assert {jobs.get(store, job_id).lost_attempts for job_id in ids} == {1}


def test_a_job_that_waits_long_is_rung_for_until_somebody_comes(store: Store) -> None:
    job = submitted(store)

    assert jobs.sweep(store, limit=10, ring_again_seconds=3600).to_ring == []
    assert jobs.sweep(store, limit=10, ring_again_seconds=-1).to_ring == [job.id]
    assert jobs.sweep(store, limit=10, ring_again_seconds=-1).to_ring == [job.id]

    claimed(store)
    assert jobs.sweep(store, limit=10, ring_again_seconds=-1).to_ring == []


def test_a_bounded_number_of_the_most_urgent_jobs_is_rung_for(store: Store) -> None:
    ids = [submitted(store, priority=priority).id for priority in (0, 1, 2, 3)]

    swept = jobs.sweep(store, limit=2, ring_again_seconds=-1)

    assert sorted(swept.to_ring) == sorted(ids[2:])


@pytest.mark.parametrize("status", [Status.PAUSED, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED])
def test_a_job_that_wants_no_worker_is_left_alone(store: Store, status: Status) -> None:
    job = in_status(store, status)

    assert jobs.sweep(store, limit=10, ring_again_seconds=-1) == jobs.Swept([], [], [])
    assert jobs.get(store, job.id) == job
