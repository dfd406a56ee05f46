"""Submitting a job: the one step that turns a request into a promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from nn.data import Dataset
from services import formats
from services.errors import CommitUnknown, IdempotencyKeyReused, InvalidInput, Problem, QueueFull, TooManyJobs
from services.ids import new_id
from services.jobs.queue_limit import is_full
from services.status import Status
from services.store import Store, datasets
from services.store.clock import now_us
from services.store.rows import JobRow, row_of
from services.store.tables import idempotency_keys, jobs

if TYPE_CHECKING:
    from services.submission import Submission


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job; `replayed` if an earlier request with the same idempotency key had made it already."""

    job: JobRow
    replayed: bool


def submit(
    store: Store,
    submission: Submission,
    *,
    owner: str = "",
    idempotency_key: str | None = None,
    queue_limit: int,
    owner_limit: int | None = None,
) -> Submitted:
    """Store a job as `queued`, with its datasets, in one durable transaction.

    Raises:
        IdempotencyKeyReused: the key came before, with another request.
        InvalidInput: a dataset given by id does not exist, or is another owner's.
        QueueFull: `queue_limit` jobs are waiting.
        TooManyJobs: `owner_limit` jobs of this owner are waiting; requests at the same moment may exceed it.
        Unavailable: the store cannot be reached, and the job may or may not exist.
    """
    job = _New.of(submission, owner, idempotency_key)
    room = _Room(queue_limit, is_full(store, queue_limit), owner_limit)
    try:
        return _submit(store, job, room)
    except CommitUnknown:
        # The same id again: if the first transaction did happen, this finds its job.
        return _submit(store, job, room)


@dataclass(frozen=True, slots=True)
class _New:
    id: str
    owner: str
    key: str | None
    submission: Submission
    dataset: datasets.Content | str
    validation: datasets.Content | str | None

    @classmethod
    def of(cls, submission: Submission, owner: str, key: str | None) -> _New:
        dataset, validation = submission.dataset, submission.validation
        return cls(
            id=new_id("job"),
            owner=owner,
            key=key,
            submission=submission,
            dataset=dataset if isinstance(dataset, str) else datasets.Content.of(dataset),
            validation=datasets.Content.of(validation) if isinstance(validation, Dataset) else validation,
        )


@dataclass(frozen=True, slots=True)
class _Room:
    """How much room the queue has: none at all, or none for this owner, is an answer only to new requests."""

    queue_limit: int
    is_full: bool
    owner_limit: int | None


_JOB = select(jobs).where(jobs.c.id == bindparam("job"))

#: The columns that are the same for every new job.
_INSERT = (
    insert(jobs)
    .values(
        status=Status.QUEUED.value,
        version=1,
        attempt=0,
        lost_attempts=0,
        created_at=now_us(),
        queued_at=now_us(),
        queued_us=0,
        running_us=0,
        format=formats.WRITTEN,
        epoch=0,
    )
    .returning(*jobs.c)
)


def _submit(store: Store, new: _New, room: _Room) -> Submitted:
    with store.transaction() as connection:
        known = _job_of_key(connection, new) or _job(connection, new.id)
        if known is not None:
            return Submitted(known, replayed=True)
        _refuse_when_full(connection, new.owner, room)
        return Submitted(_insert(connection, new), replayed=False)


def _job_of_key(connection: Connection, new: _New) -> JobRow | None:
    """Claim the idempotency key for this job, or return the job that has it."""
    if new.key is None:
        return None
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    claim = (
        dialect.insert(idempotency_keys)
        .values(
            owner=new.owner,
            key=new.key,
            request_sha256=new.submission.request_sha256,
            job_id=new.id,
            created_at=now_us(),
        )
        .on_conflict_do_nothing()
        .returning(idempotency_keys.c.key)
    )
    if connection.execute(claim).first() is not None:
        return None
    known = connection.execute(
        select(jobs, idempotency_keys.c.request_sha256.label("key_sha256"))
        .join(idempotency_keys, idempotency_keys.c.job_id == jobs.c.id)
        .where(idempotency_keys.c.owner == new.owner, idempotency_keys.c.key == new.key)
    ).one_or_none()
    if known is None:  # the job has just been deleted, and its key with it
        return _job_of_key(connection, new)
    if known.key_sha256 != new.submission.request_sha256:
        raise IdempotencyKeyReused("this idempotency key was used before, for another request")
    return row_of(JobRow, known)


def _job(connection: Connection, job_id: str) -> JobRow | None:
    row = connection.execute(_JOB, {"job": job_id}).one_or_none()
    return None if row is None else row_of(JobRow, row)


def _refuse_when_full(connection: Connection, owner: str, room: _Room) -> None:
    if room.is_full:
        raise QueueFull(f"{room.queue_limit} jobs are waiting already; try again later")
    if room.owner_limit is not None and _waiting(connection, owner, room.owner_limit) >= room.owner_limit:
        raise TooManyJobs(f"{room.owner_limit} jobs of this API key are waiting already; try again later")


def _waiting(connection: Connection, owner: str, most: int) -> int:
    """Count the owner's queued jobs, but no more than `most` of them."""
    queued = select(jobs.c.id).where(jobs.c.owner == owner, jobs.c.status == Status.QUEUED.value).limit(most)
    return int(connection.execute(select(func.count()).select_from(queued.subquery())).scalar_one())


def _insert(connection: Connection, new: _New) -> JobRow:
    submission = new.submission
    dataset_id = _dataset_id(connection, new.owner, new.dataset, "/dataset/id")
    validation_id = None
    if new.validation is not None:
        validation_id = _dataset_id(connection, new.owner, new.validation, "/training/validation/dataset/id")
    row = {
        "id": new.id,
        "owner": new.owner,
        "name": submission.name,
        "priority": submission.priority,
        "max_attempts": submission.max_attempts,
        "timeout_seconds": submission.timeout_seconds,
        "spec": submission.resolved,
        "dataset_id": dataset_id,
        "validation_dataset_id": validation_id,
        "epochs": submission.epochs,
        "fingerprint": submission.fingerprint,
        "request_sha256": submission.request_sha256,
        "metadata": submission.metadata,
    }
    return row_of(JobRow, connection.execute(_INSERT, row).one())


def _dataset_id(connection: Connection, owner: str, dataset: datasets.Content | str, pointer: str) -> str:
    if isinstance(dataset, datasets.Content):
        return datasets.keep(connection, owner, dataset)
    if not datasets.hold(connection, owner, dataset):
        raise InvalidInput([Problem(pointer, "unknown_dataset", "there is no such dataset")])
    return dataset
