"""Sweeping: takes back the jobs of silent workers, and says for which jobs to ring again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from services.formats import UNDERSTOOD
from services.status import Event, JobError, Status
from services.store import Store, events
from services.store.clock import microseconds, now_us
from services.store.tables import URGENCY, jobs


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did: ids of jobs queued again, of jobs failed for good, and of jobs to ring for."""

    taken_back: Sequence[str]
    given_up: Sequence[str]
    to_ring: Sequence[str]


def sweep(store: Store, *, limit: int, ring_again_seconds: float, silence_counts: bool = True) -> Swept:
    """Take back at most `limit` jobs whose lease ran out, and find at most `limit` to ring for.

    Any number of sweepers may do this at the same time. `to_ring` are the jobs taken back and the most
    urgent of those that wait for `ring_again_seconds`: their ring was lost, or all workers are busy. Which
    of the two, the caller knows, who sees how many rings nobody has answered yet. With `silence_counts`
    false no job is taken back: the caller knows of an outage that kept every worker from renewing its lease.

    Raises:
        Unavailable: the store cannot be reached now; what was done stays done.
    """
    taken_back, given_up = [], []
    for job_id, attempt in _silent(store, limit) if silence_counts else ():
        event = _end_lost_attempt(store, job_id, attempt)
        if event is Event.TAKE_BACK:
            taken_back.append(job_id)
        elif event is Event.GIVE_UP:
            given_up.append(job_id)
    return Swept(taken_back, given_up, [*taken_back, *_unheard(store, limit, ring_again_seconds)])


def _silent(store: Store, limit: int) -> list[tuple[str, int]]:
    with store.reading() as connection:
        rows = connection.execute(
            select(jobs.c.id, jobs.c.attempt)
            .where(jobs.c.status == Status.RUNNING.value, jobs.c.lease_expires_at < now_us())
            .order_by(jobs.c.lease_expires_at)
            .limit(limit)
        )
        return [(row.id, row.attempt) for row in rows]


def _end_lost_attempt(store: Store, job_id: str, attempt: int) -> Event | None:
    """Queue the job again, or fail it if this was its last attempt; None if its worker spoke meanwhile."""
    lost = {"id": job_id, "attempt": attempt}
    with store.transaction() as connection:
        if events.apply(connection, Event.TAKE_BACK, lost):
            return Event.TAKE_BACK
        given_up = events.apply(
            connection,
            Event.GIVE_UP,
            lost,
            error_code=JobError.WORKER_LOST.value,
            error_detail="every attempt that the job was allowed lost its worker",
        )
        return None if given_up is None else Event.GIVE_UP


def _unheard(store: Store, limit: int, ring_again_seconds: float) -> list[str]:
    """Return those of the next jobs to be claimed, by workers of this code, that have waited long.

    Only the `limit` most urgent are looked at, so that a long queue costs no more than a short one.
    """
    next_jobs = (
        select(jobs.c.id, jobs.c.queued_at)
        .where(jobs.c.status == Status.QUEUED.value, jobs.c.format.in_(sorted(UNDERSTOOD)))
        .order_by(*URGENCY)
        .limit(limit)
        .subquery()
    )
    long_ago = now_us() - microseconds(ring_again_seconds)
    with store.reading() as connection:
        statement = select(next_jobs.c.id).where(next_jobs.c.queued_at < long_ago)
        return list(connection.execute(statement).scalars())
