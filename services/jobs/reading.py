"""Reading jobs: one, a list, a loss curve, weights. Nothing here writes or waits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, exists, func, select

from services.errors import NotFound
from services.store import Store, curve, pages
from services.store.pages import Page
from services.store.rows import JobRow, row_of
from services.store.tables import jobs

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from services.status import Status


_OWN_JOB = select(jobs).where(jobs.c.id == bindparam("job"), jobs.c.owner == bindparam("owner"))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilters:
    """Which jobs a list shows: those that meet every condition given.

    `created_after` is in microseconds since 1970; `metadata` must be among the job's entries.
    """

    status: Status | None = None
    name: str | None = None
    created_after: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


def get(store: Store, job_id: str, owner: str = "") -> JobRow:
    """Return a job.

    Raises:
        NotFound: no such job, or another owner's.
        Unavailable: the store cannot be reached now.
    """
    with store.reading() as connection:
        return find(connection, job_id, owner)


def versions(store: Store, job_ids: Collection[str]) -> dict[str, int]:
    """Return the versions of those jobs that there are, whoever owns them.

    Raises:
        Unavailable: the store cannot be reached now.
    """
    statement = select(jobs.c.id, jobs.c.version).where(jobs.c.id.in_(job_ids))
    with store.reading() as connection:
        return {row.id: row.version for row in connection.execute(statement)}


def list_jobs(
    store: Store, filters: JobFilters, limit: int, after: str | None = None, owner: str = ""
) -> Page[JobRow]:
    """Return at most `limit` jobs, newest first, from the cursor `after` on.

    Raises:
        InvalidInput: the cursor is not one of ours.
        Unavailable: the store cannot be reached now.
    """
    statement = select(jobs).where(jobs.c.owner == owner)
    if filters.status is not None:
        statement = statement.where(jobs.c.status == filters.status.value)
    if filters.name is not None:
        statement = statement.where(jobs.c.name == filters.name)
    if filters.created_after is not None:
        statement = statement.where(jobs.c.created_at > filters.created_after)
    with store.reading() as connection:
        for key, value in filters.metadata.items():
            statement = statement.where(_has_metadata(connection, key, value))
        rows, next_cursor = pages.fetch(connection, statement, jobs, limit, after)
    return Page([row_of(JobRow, row) for row in rows], next_cursor)


def loss_curve(
    store: Store, job_id: str, after_epoch: int = 0, limit: int = 10_000, owner: str = ""
) -> curve.Curve:
    """Return at most `limit` epochs of a job's loss curve after `after_epoch`.

    Raises:
        NotFound: no such job.
        Unavailable: the store cannot be reached now.
    """
    with store.reading() as connection:
        find(connection, job_id, owner)
        return curve.read(connection, job_id, after_epoch, limit)


def follow(
    store: Store, job_id: str, after_epoch: int, limit: int, owner: str = ""
) -> tuple[JobRow, curve.Curve]:
    """Return a job and at most `limit` epochs of its loss curve after `after_epoch`, both of one moment.

    Raises:
        NotFound: no such job, or another owner's.
        Unavailable: the store cannot be reached now.
    """
    with store.reading() as connection:
        job = find(connection, job_id, owner)
        return job, curve.read(connection, job_id, after_epoch, limit)


def find(connection: Connection, job_id: str, owner: str) -> JobRow:
    """Return a job within a transaction of the caller's.

    Raises:
        NotFound: no such job, or another owner's.
    """
    row = connection.execute(_OWN_JOB, {"job": job_id, "owner": owner}).one_or_none()
    if row is None:
        raise NotFound(f"there is no job {job_id[:64]}")
    return row_of(JobRow, row)


def _has_metadata(connection: Connection, key: str, value: str) -> ColumnElement[bool]:
    # Not metadata -> key: SQLite compares that key with the JSON text, where some characters are escaped.
    each = func.json_each_text if connection.dialect.name == "postgresql" else func.json_each
    entry = each(jobs.c.metadata).table_valued("key", "value")
    return exists().where(entry.c.key == key, entry.c.value == value)
