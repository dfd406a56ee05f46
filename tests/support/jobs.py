"""Jobs for tests: quick to make, and each step of their life one call."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, insert, literal, select, update

from nn.data import Dataset
from services import jobs
from services.jobs import Claim, Flush, Submission
from services.status import JobError, Status
from services.store import tables

if TYPE_CHECKING:
    from services.store import Store
    from services.store.rows import JobRow

LEASE_SECONDS = 10.0
EPOCHS = 50


def a_dataset(seed: int = 0, rows: int = 3) -> Dataset:
    numbers = np.random.default_rng(seed)
    return Dataset(numbers.normal(size=(rows, 2)), numbers.normal(size=(rows, 1)))


def a_submission(**changes: Any) -> Submission:
    values: dict[str, Any] = {
        "name": "a job",
        "resolved": {"training": {"epochs": EPOCHS}},
        "dataset": a_dataset(),
        "validation": None,
        "epochs": EPOCHS,
        "metadata": {},
        "priority": 0,
        "max_attempts": 3,
        "timeout_seconds": None,
        "fingerprint": "f" * 64,
        "request_sha256": "r" * 64,
    }
    return Submission(**values | changes)


def submitted(store: Store, **changes: Any) -> JobRow:
    return jobs.submit(store, a_submission(**changes), queue_limit=1_000_000).job


def claimed(store: Store, worker: str = "a worker") -> Claim:
    claim = jobs.claim(store, worker=worker, lease_seconds=LEASE_SECONDS)
    assert claim is not None, "no job was queued"
    return claim


def a_flush(first_epoch: int = 1, last_epoch: int = 10, checkpoint: bytes | None = None) -> Flush:
    """Progress in which the loss of epoch k is 1/k: told apart at every epoch, and always the same."""
    epochs = np.arange(first_epoch, last_epoch + 1, dtype=np.float64)
    return Flush(
        first_epoch=first_epoch,
        curve={"train_loss": 1 / epochs, "validation_loss": 2 / epochs},
        epoch=last_epoch,
        checkpoint=b"state after %d" % last_epoch if checkpoint is None else checkpoint,
        epochs_per_second=1000.0,
        best={"epoch": last_epoch} if last_epoch else None,
        trainer="compiled",
    )


def flush(store: Store, claim: Claim, first_epoch: int = 1, last_epoch: int = 10) -> None:
    jobs.flush(store, claim, a_flush(first_epoch, last_epoch), LEASE_SECONDS)


@dataclass(frozen=True)
class _Layer:
    biases: tuple[float, ...] = (0.5,)


@dataclass(frozen=True)
class AnyModel:
    """Stands in for a trained model where the store only keeps its bytes."""

    problem: str = "regression"
    inputs: int = 2
    epoch: int = EPOCHS
    layers: tuple[_Layer, ...] = (_Layer(),)
    sha256: str = "a" * 64

    def to_bytes(self) -> bytes:
        return b"weights"


def finished(store: Store, claim: Claim, first_epoch: int = 1, last_epoch: int = EPOCHS) -> JobRow:
    model: Any = AnyModel()
    return jobs.finish(store, claim, a_flush(first_epoch, last_epoch), model, "max_epochs")


def a_claim_of(job: JobRow) -> Claim:
    """Return what the present attempt's worker would hold, whether or not the job is running."""
    return Claim(
        job_id=job.id,
        attempt=job.attempt,
        worker=job.worker or "",
        spec=job.spec,
        dataset=a_dataset(),
        validation=None,
        checkpoint=None,
        epoch=job.epoch,
        best=None,
        timeout_seconds=None,
        running_us=0,
    )


def silence(store: Store, job_id: str) -> None:
    """Let the lease of a running job end, as if its worker had said nothing for too long."""
    with store.transaction() as connection:
        connection.execute(update(tables.jobs).where(tables.jobs.c.id == job_id).values(lease_expires_at=1))


def swept(store: Store) -> jobs.Swept:
    return jobs.sweep(store, limit=100, ring_again_seconds=3600)


def in_status(store: Store, status: Status, **changes: Any) -> JobRow:
    """Submit a job and lead it to `status` by the shortest way."""
    job = submitted(store, **changes)
    if status in (Status.RUNNING, Status.SUCCEEDED, Status.FAILED):
        claim = claimed(store)
        if status is Status.SUCCEEDED:
            finished(store, claim)
        elif status is Status.FAILED:
            jobs.fail(store, claim, JobError.DIVERGED, "the loss is not finite", a_flush(1, 5))
    elif status is Status.PAUSED:
        jobs.pause(store, job.id)
    elif status is Status.CANCELLED:
        jobs.cancel(store, job.id)
    return jobs.get(store, job.id)


def fill_queue(store: Store, number: int) -> None:
    """Have at least `number` jobs waiting, by copying those that wait."""
    columns = [column for column in tables.jobs.c if column.name != "id"]
    while (waiting := _waiting(store)) < number:
        copy = literal("job_" + uuid.uuid4().hex) + func.substr(tables.jobs.c.id, 5)
        some = (
            select(copy, *columns).where(tables.jobs.c.status == Status.QUEUED.value).limit(number - waiting)
        )
        copies = insert(tables.jobs).from_select(["id", *(column.name for column in columns)], some)
        with store.transaction() as connection:
            connection.execute(copies)


def _waiting(store: Store) -> int:
    with store.reading() as connection:
        statement = select(func.count()).select_from(tables.jobs)
        return int(connection.execute(statement.where(tables.jobs.c.status == "queued")).scalar_one())
