"""An upgrade loses nothing and changes nothing, and every job goes on where it was."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services import jobs
from services.settings import Settings
from services.status import Status
from services.store import Store, migrate
from tests.support.jobs import silence
from tests.support.waiting import until
from tests.upgrade import previous
from tests.worker.process import PATIENCE, a_worker
from tests.worker.training import Training, curve_bytes, submitted

if TYPE_CHECKING:
    from services.store.rows import JobRow


@pytest.fixture
def ids(database_url: str, tmp_path: Path) -> Iterator[dict[Status, str]]:
    """The jobs of a database that the previous migration made, one in each status."""
    yield previous.make(database_url, tmp_path)
    migrate.upgrade(database_url)


def undisturbed(folder: Path, status: Status) -> tuple[JobRow, dict[str, bytes]]:
    """Train what the job in `status` trains from beginning to end; return that job and its curve."""
    url = f"sqlite:///{folder}/undisturbed.db"
    migrate.upgrade(url)
    store = Store(url, Settings())
    job_id = submitted(store, training=previous.training_of(status))
    Training(store).run()
    job, curve = jobs.get(store, job_id), curve_bytes(store, job_id)
    store.close()
    return job, curve


def test_there_is_a_job_in_every_status(database_url: str, ids: dict[Status, str]) -> None:
    stored = {row["status"]: row["id"] for row in previous.rows(database_url)["jobs"]}
    assert stored == ids
    assert set(ids) == set(Status)


def test_every_row_is_there_afterwards_unchanged(database_url: str, ids: dict[Status, str]) -> None:
    columns, before = previous.tables_of(database_url), previous.rows(database_url)
    assert before["loss_chunks"]
    assert before["checkpoints"]
    assert before["models"]

    migrate.upgrade(database_url)

    assert previous.rows(database_url, columns) == before


def test_a_lease_that_lives_is_left_to_its_worker(database_url: str, ids: dict[Status, str]) -> None:
    previous.say(database_url, "UPDATE jobs SET lease_expires_at = 9000000000000000 WHERE status = 'running'")
    migrate.upgrade(database_url)
    store = Store(database_url, Settings())

    assert jobs.sweep(store, limit=10, ring_again_seconds=5).taken_back == []
    claim = jobs.claim(store, worker="a new worker", lease_seconds=10)

    assert claim is not None
    assert claim.job_id == ids[Status.QUEUED]
    assert jobs.get(store, ids[Status.RUNNING]).attempt == 2, "that of its old worker still"
    store.close()


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.PAUSED])
def test_every_job_that_is_not_done_ends_with_the_bits_of_an_undisturbed_one(
    database_url: str, ids: dict[Status, str], tmp_path: Path, status: Status
) -> None:
    migrate.upgrade(database_url)
    store = Store(database_url, Settings())
    job_id = ids[status]
    if status is not Status.QUEUED:
        jobs.cancel(store, ids[Status.QUEUED])
    if status is Status.PAUSED:
        jobs.resume(store, job_id)
    if status is Status.RUNNING:
        silence(store, job_id)
        assert jobs.sweep(store, limit=10, ring_again_seconds=5).taken_back == [job_id]

    Training(store).run()

    expected, curve = undisturbed(tmp_path, status)
    job = jobs.get(store, job_id)
    assert (job.status, job.weights_sha256) == (Status.SUCCEEDED, expected.weights_sha256)
    assert curve_bytes(store, job_id) == curve
    assert job.lost_attempts == (1 if status is Status.RUNNING else 0)
    store.close()


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED])
def test_what_a_job_that_was_done_left_can_be_read(
    database_url: str, ids: dict[Status, str], status: Status
) -> None:
    migrate.upgrade(database_url)
    store = Store(database_url, Settings())

    job, curve = jobs.get(store, ids[status]), curve_bytes(store, ids[status])

    assert job.status is status
    assert len(curve["train_loss"]) == 8 * job.epoch > 0
    assert jobs.weights(store, job.id).sha256
    store.close()


def _is_done(store: Store, job_id: str) -> bool:
    return jobs.get(store, job_id).is_terminal


@pytest.mark.service
def test_a_real_worker_finishes_what_the_previous_version_left(
    database_url: str, ids: dict[Status, str], tmp_path: Path
) -> None:
    migrate.upgrade(database_url)
    store = Store(database_url, Settings())
    jobs.resume(store, ids[Status.PAUSED])
    under_way = (Status.QUEUED, Status.RUNNING, Status.PAUSED)

    with a_worker(store, database_url, tmp_path, GRADQUEUE_LEASE_SECONDS="2", GRADQUEUE_RENEW_SECONDS="0.5"):
        for status in under_way:
            until(partial(_is_done, store, ids[status]), f"the {status} job to end", PATIENCE)

    found = {status: jobs.get(store, ids[status]) for status in under_way}
    expected = {status: undisturbed(tmp_path, status)[0].weights_sha256 for status in under_way}
    assert {status: job.weights_sha256 for status, job in found.items()} == expected
    store.close()
