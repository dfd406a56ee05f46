"""Counting jobs: how many there are in each status, and how the queue moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, func, select

from services.formats import UNDERSTOOD
from services.status import Status
from services.store.clock import MICROSECONDS, elapsed_us
from services.store.tables import jobs

if TYPE_CHECKING:
    from services.store import Store


@dataclass(frozen=True, slots=True)
class Counts:
    """Jobs at one moment.

    `by_status` has every status. `oldest_queued_seconds` is how long the first submitted of the queued jobs
    has waited since it was last queued, None if no job waits. `epochs_per_second` adds up the running jobs.
    """

    by_status: Mapping[Status, int]
    oldest_queued_seconds: float | None
    epochs_per_second: float


def count(store: Store, owner: str | None = None) -> Counts:
    """Count the jobs of `owner`, or all of them. Reads index entries, hardly any row.

    Raises:
        Unavailable: the store cannot be reached now.
    """
    mine: tuple[ColumnElement[bool], ...] = () if owner is None else (jobs.c.owner == owner,)
    numbers = select(jobs.c.status, func.count()).where(*mine).group_by(jobs.c.status)
    waited = (
        select(elapsed_us(jobs.c.queued_at))
        .where(*mine, jobs.c.status == Status.QUEUED.value)
        # The index of the queue has no owners, that of an owner's list no times of queueing.
        .order_by(jobs.c.queued_at if owner is None else jobs.c.created_at)
        .limit(1)
    )
    rates = select(func.sum(jobs.c.epochs_per_second)).where(*mine, jobs.c.status == Status.RUNNING.value)
    with store.reading() as connection:
        found = {Status(status): int(number) for status, number in connection.execute(numbers)}
        oldest = connection.execute(waited).scalar_one_or_none()
        rate = connection.execute(rates).scalar_one_or_none()
    return Counts(
        by_status={status: found.get(status, 0) for status in Status},
        oldest_queued_seconds=None if oldest is None else oldest / MICROSECONDS,
        epochs_per_second=float(rate or 0.0),
    )


def not_understood(store: Store) -> int:
    """Return how many queued jobs wait for a worker of another version than this code.

    Raises:
        Unavailable: the store cannot be reached now.
    """
    strange = select(func.count()).where(
        jobs.c.status == Status.QUEUED.value, jobs.c.format.not_in(sorted(UNDERSTOOD))
    )
    with store.reading() as connection:
        return int(connection.execute(strange).scalar_one())
