"""Claiming: a worker begins the next attempt of the most urgent job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from services.status import Event, Status
from services.store import Store, checkpoints, datasets, events
from services.store.tables import jobs

if TYPE_CHECKING:
    from nn.data import Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An attempt under way, and all that it needs. `job_id` and `attempt` are its fence.

    `checkpoint` is the state to go on from, `epoch` the epoch it belongs to (0 and None at the beginning).
    `best` is the best epoch so far with its metrics. `running_us` is how long earlier attempts trained.
    """

    job_id: str
    attempt: int
    spec: dict[str, Any]
    dataset: Dataset
    validation: Dataset | None
    checkpoint: bytes | None
    epoch: int
    best: dict[str, Any] | None
    timeout_seconds: float | None
    running_us: int


def claim(store: Store, *, worker: str, lease_seconds: float) -> Claim | None:
    """Begin an attempt of the most urgent queued job: highest priority, then longest waiting.

    Not durable: what a power cut undoes is only that somebody had begun.
    Returns None if no job is queued.

    Raises:
        Unavailable: the store cannot be reached now.
    """
    most_urgent = (
        select(jobs.c.id)
        .where(jobs.c.status == Status.QUEUED.value)
        .order_by(jobs.c.priority.desc(), jobs.c.queued_at, jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    with store.transaction(durable=False) as connection:
        job = events.apply(
            connection,
            Event.CLAIM,
            jobs.c.id == most_urgent,
            worker=worker,
            lease_expires_at=events.lease_until(lease_seconds),
        )
        if job is None:
            return None
        dataset = datasets.load(connection, job.dataset_id)
        validation = (
            None
            if job.validation_dataset_id is None
            else datasets.load(connection, job.validation_dataset_id)
        )
        candidates = checkpoints.kept(connection, job.id)
    checkpoint = checkpoints.newest_whole(candidates)
    return Claim(
        job_id=job.id,
        attempt=job.attempt,
        spec=job.spec,
        dataset=dataset.opened(),
        validation=None if validation is None else validation.opened(),
        checkpoint=None if checkpoint is None else checkpoint.data,
        epoch=0 if checkpoint is None else checkpoint.epoch,
        best=job.best,
        timeout_seconds=job.timeout_seconds,
        running_us=job.running_us,
    )
