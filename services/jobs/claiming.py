"""Claiming: a worker begins the next attempt of the most urgent job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from services.errors import Damaged
from services.formats import UNDERSTOOD
from services.status import Event, JobError, Status
from services.store import Store, checkpoints, datasets, events
from services.store.tables import URGENCY, jobs

if TYPE_CHECKING:
    from nn.data import Dataset
    from services.store.rows import JobRow
    from services.store.sealed import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An attempt under way, and all that it needs. `job_id`, `attempt` and `worker` are its fence.

    `checkpoint` is the state to go on from, `epoch` the epoch it belongs to (0 and None at the beginning).
    `best` is the best epoch so far with its metrics. `running_us` is how long earlier attempts trained.
    """

    job_id: str
    attempt: int
    worker: str
    spec: dict[str, Any]
    dataset: Dataset
    validation: Dataset | None
    checkpoint: bytes | None
    epoch: int
    best: dict[str, Any] | None
    timeout_seconds: float | None
    running_us: int


def claim(store: Store, *, worker: str, lease_seconds: float) -> Claim | None:
    """Begin an attempt of the most urgent queued job that this code understands: highest priority, then
    longest waiting.

    `worker` names the process that trains, and no other one. Not durable: what a power cut undoes is only
    that somebody had begun; the next to claim then gets an attempt of the same number, but not of the same
    worker. A job whose dataset is damaged
    in the store fails here, and the next one is claimed. Returns None if no job is queued for this code.

    Raises:
        Unavailable: the store cannot be reached now.
    """
    while (begun := _begin(store, worker, lease_seconds)) is not None:
        try:
            return begun.opened()
        except Damaged as error:
            _refuse(store, begun.job, error)
    return None


@dataclass(frozen=True, slots=True)
class _Begun:
    """What the transaction of a claim read; digests are checked and bytes decoded after it."""

    job: JobRow
    worker: str
    dataset: Sealed | None
    validation: Sealed | None
    checkpoints: list[checkpoints.Checkpoint]

    def opened(self) -> Claim:
        if self.dataset is None or (self.validation is None) != (self.job.validation_dataset_id is None):
            raise Damaged("a dataset of the job is missing in the store")
        checkpoint = checkpoints.newest_whole(self.checkpoints)
        return Claim(
            job_id=self.job.id,
            attempt=self.job.attempt,
            worker=self.worker,
            spec=self.job.spec,
            dataset=datasets.opened(self.dataset),
            validation=None if self.validation is None else datasets.opened(self.validation),
            checkpoint=None if checkpoint is None else checkpoint.state.data,
            epoch=0 if checkpoint is None else checkpoint.epoch,
            best=self.job.best,
            timeout_seconds=self.job.timeout_seconds,
            running_us=self.job.running_us,
        )


#: Jobs of a format that this code does not understand are passed over; they are for a newer worker, or an
#: older one. So are, on PostgreSQL, jobs that somebody else is claiming at this moment.
_IS_MOST_URGENT = (
    jobs.c.id
    == select(jobs.c.id)
    .where(jobs.c.status == Status.QUEUED.value, jobs.c.format.in_(sorted(UNDERSTOOD)))
    .order_by(*URGENCY)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)


def _begin(store: Store, worker: str, lease_seconds: float) -> _Begun | None:
    with store.transaction(durable=False) as connection:
        job = events.apply(
            connection, Event.CLAIM, {}, _IS_MOST_URGENT, lease_seconds=lease_seconds, worker=worker
        )
        if job is None:
            return None
        return _Begun(
            job,
            worker,
            dataset=datasets.load(connection, job.dataset_id),
            validation=datasets.load(connection, job.validation_dataset_id),
            checkpoints=checkpoints.kept(connection, job.id),
        )


def _refuse(store: Store, job: JobRow, error: Damaged) -> None:
    with store.transaction() as connection:
        events.apply(
            connection,
            Event.FAIL,
            {"id": job.id, "attempt": job.attempt},
            error_code=JobError.INTERNAL.value,
            error_detail=error.detail,
        )
