"""Whether the queue is full, without counting a long queue for every job that is submitted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import func, select

from services.status import Status
from services.store.tables import jobs

if TYPE_CHECKING:
    from services.store import Store

#: Jobs that all API processes together submit in a second, at most; ten times what was measured. A count
#: is good for as long as it would take to fill the rest of the queue at this speed.
_JOBS_PER_SECOND = 10_000

#: Seconds for which a full queue is taken to be full, per job of the limit: about as long as counting it
#: takes, so that a flood of refused requests does not keep the database counting.
_SECONDS_PER_JOB = 1e-6

_answers: WeakKeyDictionary[Store, _Answer] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Answer:
    limit: int
    is_full: bool
    good_until: float


def is_full(store: Store, limit: int) -> bool:
    """Say whether `limit` jobs are queued; requests at the same moment may exceed it by their number.

    Raises:
        Unavailable: the store cannot be reached now.
    """
    known = _answers.get(store)
    if known is not None and known.limit == limit and time.monotonic() < known.good_until:
        return known.is_full
    number = _count(store, limit)
    is_full = number >= limit
    seconds = limit * _SECONDS_PER_JOB if is_full else (limit - number) / _JOBS_PER_SECOND
    _answers[store] = _Answer(limit, is_full, time.monotonic() + seconds)
    return is_full


def _count(store: Store, limit: int) -> int:
    queued = select(jobs.c.id).where(jobs.c.status == Status.QUEUED.value).limit(limit)
    with store.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(queued.subquery())).scalar_one())
