"""Claiming: the most urgent job first, each by one worker, with all it needs to go on."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, update

from services import jobs
from services.status import Status
from services.store import tables
from tests.support.jobs import (
    LEASE_SECONDS,
    a_dataset,
    claimed,
    flush,
    silence,
    submitted,
    swept,
)

if TYPE_CHECKING:
    from services.store import Store


def _claim(store: Store) -> jobs.Claim | None:
    return jobs.claim(store, worker="a worker", lease_seconds=LEASE_SECONDS)


def test_no_job_is_no_claim(store: Store) -> None:
    assert _claim(store) is None


def test_urgent_jobs_come_first_and_then_those_that_waited_longest(store: Store) -> None:
    order = [submitted(store, priority=priority) for priority in (0, 5, 0, 9, 5)]

    claims = [claimed(store).job_id for _ in order]

    assert claims == [order[index].id for index in (3, 1, 4, 0, 2)]
    assert _claim(store) is None


def test_a_job_that_was_interrupted_waits_behind_those_that_waited(store: Store) -> None:
    first = submitted(store)
    jobs.hand_back(store, claimed(store))
    second = submitted(store)
    _let_wait(store, second.id)

    assert [claimed(store).job_id, claimed(store).job_id] == [second.id, first.id]


def _let_wait(store: Store, job_id: str) -> None:
    with store.transaction() as connection:
        waits = update(tables.jobs).where(tables.jobs.c.id == job_id)
        connection.execute(waits.values(queued_at=tables.jobs.c.queued_at - 10_000_000))


def test_a_claim_has_everything_an_attempt_needs(store: Store) -> None:
    job = submitted(store, validation=a_dataset(1), timeout_seconds=60.0)

    claim = claimed(store)

    assert (claim.job_id, claim.attempt, claim.spec) == (job.id, 1, job.spec)
    assert claim.dataset.sha256 == a_dataset().sha256
    assert claim.validation is not None
    assert claim.validation.sha256 == a_dataset(1).sha256
    assert (claim.checkpoint, claim.epoch, claim.timeout_seconds) == (None, 0, 60.0)


def test_the_next_attempt_goes_on_from_the_newest_checkpoint(store: Store) -> None:
    submitted(store)
    first = claimed(store)
    flush(store, first, 1, 10)
    flush(store, first, 11, 30)
    jobs.hand_back(store, first)

    second = claimed(store)

    assert (second.attempt, second.checkpoint, second.epoch) == (2, b"state after 30", 30)
    assert second.best == {"epoch": 30}


@pytest.mark.parametrize(
    ("damaged", "expected"),
    [(["30"], (b"state after 20", 20)), (["30", "20"], (None, 0))],
    ids=["newest", "both"],
)
def test_a_damaged_checkpoint_is_passed_over(
    store: Store, damaged: list[str], expected: tuple[bytes | None, int]
) -> None:
    submitted(store)
    first = claimed(store)
    for last in (10, 20, 30):
        flush(store, first, last - 9, last)
    jobs.hand_back(store, first)
    with store.transaction() as connection:
        broken = update(tables.checkpoints).where(tables.checkpoints.c.epoch.in_(map(int, damaged)))
        connection.execute(broken.values(data=b"state after 31"))

    second = claimed(store)

    assert (second.checkpoint, second.epoch) == expected


def test_a_job_whose_data_is_damaged_fails_and_delays_nobody(store: Store) -> None:
    bad, good = submitted(store), submitted(store, dataset=a_dataset(1))
    with store.transaction() as connection:
        broken = update(tables.datasets).where(tables.datasets.c.id == bad.dataset_id)
        connection.execute(broken.values(data=b"nonsense"))

    assert claimed(store).job_id == good.id

    failed = jobs.get(store, bad.id)
    assert (failed.status, failed.error_code) == (Status.FAILED, "internal")


def test_a_job_whose_data_is_gone_fails_and_delays_nobody(store: Store) -> None:
    bad, good = submitted(store), submitted(store, dataset=a_dataset(1))
    with store.transaction() as connection:
        connection.execute(delete(tables.datasets).where(tables.datasets.c.id == bad.dataset_id))

    assert claimed(store).job_id == good.id
    assert jobs.get(store, bad.id).status is Status.FAILED


def test_many_claimers_at_once_get_each_job_once(store: Store) -> None:
    submissions = {submitted(store).id for _ in range(40)}
    start = threading.Barrier(8)

    def claim_all(_: int) -> list[str]:
        start.wait()
        claims: list[str] = []
        while (claim := _claim(store)) is not None:
            claims.append(claim.job_id)
        return claims

    with ThreadPoolExecutor(8) as threads:
        claims = [job_id for part in threads.map(claim_all, range(8)) for job_id in part]

    assert sorted(claims) == sorted(submissions)


def test_claims_and_cancellations_at_once_leave_every_job_one_or_the_other(store: Store) -> None:
    ids = [submitted(store).id for _ in range(20)]
    start = threading.Barrier(2)

    def claim_all() -> set[str]:
        start.wait()
        claims = set()
        while (claim := _claim(store)) is not None:
            claims.add(claim.job_id)
        return claims

    def cancel_all() -> None:
        start.wait()
        for job_id in reversed(ids):
            jobs.cancel(store, job_id)

    with ThreadPoolExecutor(2) as threads:
        claims, cancellations = threads.submit(claim_all), threads.submit(cancel_all)
        cancellations.result()
        claims.result()

    assert {jobs.get(store, job_id).status for job_id in ids} == {Status.CANCELLED}
    assert {job_id for job_id in ids if jobs.get(store, job_id).attempt} == claims.result()


def test_lost_attempts_are_counted_and_others_are_not(store: Store) -> None:
    job = submitted(store)
    jobs.hand_back(store, claimed(store))
    claimed(store)
    jobs.pause(store, job.id)
    jobs.resume(store, job.id)
    claimed(store)
    silence(store, job.id)
    swept(store)

    after = jobs.get(store, job.id)

    assert (after.attempt, after.lost_attempts) == (3, 1)
