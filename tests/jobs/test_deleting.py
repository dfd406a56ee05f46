"""Deleting a job: what goes with it, and what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from services import datasets, jobs, models
from services.errors import InvalidStatus, NotFound
from services.status import TERMINAL, Status
from services.store import tables
from tests.support.jobs import a_dataset, a_submission, claimed, finished, flush, in_status, submitted

if TYPE_CHECKING:
    from services.store import Store


def _counts(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return {
            table.name: int(connection.scalar(select(func.count()).select_from(table)) or 0)
            for table in tables.metadata.sorted_tables
        }


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_terminal_job_can_be_deleted_and_leaves_nothing_but_its_model(store: Store, status: Status) -> None:
    job = in_status(store, status)

    jobs.delete(store, job.id)

    with pytest.raises(NotFound):
        jobs.get(store, job.id)
    left = {name: count for name, count in _counts(store).items() if count}
    assert left == ({"models": 1} if status is Status.SUCCEEDED else {})


@pytest.mark.parametrize("status", sorted(set(Status) - TERMINAL))
def test_a_job_that_is_not_terminal_cannot_be_deleted(store: Store, status: Status) -> None:
    job = in_status(store, status)

    with pytest.raises(InvalidStatus) as caught:
        jobs.delete(store, job.id)

    assert set(caught.value.allowed) == TERMINAL
    assert jobs.get(store, job.id) == job


def test_a_model_outlives_its_job(store: Store) -> None:
    submitted(store)
    job = finished(store, claimed(store))

    jobs.delete(store, job.id)

    assert models.get(store, str(job.model_id)).job_id == job.id


def test_the_curve_and_the_checkpoints_go_with_a_cancelled_job(store: Store) -> None:
    job = submitted(store)
    flush(store, claimed(store), 1, 10)
    jobs.cancel(store, job.id)

    jobs.delete(store, job.id)

    counts = _counts(store)
    assert (counts["loss_chunks"], counts["checkpoints"]) == (0, 0)


def test_a_dataset_that_came_with_jobs_goes_with_the_last_of_them(store: Store) -> None:
    first, second = submitted(store), submitted(store, dataset=a_dataset(1), validation=a_dataset())
    for job in (first, second):
        jobs.cancel(store, job.id)

    jobs.delete(store, first.id)
    assert datasets.get(store, first.dataset_id).inline

    jobs.delete(store, second.id)
    assert _counts(store)["datasets"] == 0


@pytest.mark.parametrize("stored_first", [True, False])
def test_a_dataset_stored_for_its_own_sake_stays(store: Store, stored_first: bool) -> None:
    if stored_first:
        datasets.store_dataset(store, a_dataset())
    job = submitted(store)
    if not stored_first:
        datasets.store_dataset(store, a_dataset())
    jobs.cancel(store, job.id)

    jobs.delete(store, job.id)

    assert not datasets.get(store, job.dataset_id).inline


def test_the_key_of_a_deleted_job_is_free_again(store: Store) -> None:
    def submit() -> Any:
        return jobs.submit(store, a_submission(), idempotency_key="key", queue_limit=10)

    job = submit().job
    jobs.cancel(store, job.id)
    jobs.delete(store, job.id)

    again = submit()

    assert not again.replayed
    assert again.job.id != job.id


@pytest.mark.parametrize("act", [jobs.get, jobs.cancel, jobs.pause, jobs.resume, jobs.delete])
def test_another_owners_job_is_as_unknown_as_none(store: Store, act: Any) -> None:
    job = jobs.submit(store, a_submission(), owner="somebody", queue_limit=10).job

    for job_id, owner in ((job.id, ""), (job.id, "somebody else"), ("job_unknown", "somebody")):
        with pytest.raises(NotFound):
            act(store, job_id, owner)

    assert jobs.get(store, job.id, "somebody") == job
