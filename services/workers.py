"""Which workers are alive: each says so in the store at every sweep, by the database's clock.

Only `GET /readyz` and `GET /v1/queue` look at this, and people. No decision about a job depends on it:
that is what the lease of each job is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from services.status import Status
from services.store.clock import MICROSECONDS, elapsed_us, microseconds, now_us
from services.store.tables import URGENCY, jobs, workers

if TYPE_CHECKING:
    from services.store.store import Store

#: Seconds after which the row of a dead worker is dropped: long enough to see in `/v1/queue` that one died.
REMEMBERED_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Worker:
    """One living worker: its name, how many jobs it trains at a time, and when it started and last spoke.

    Times are microseconds since 1970.
    """

    name: str
    processes: int
    started_at: int
    seen_at: int


def renew(store: Store, name: str, *, processes: int, seconds: float) -> None:
    """Say that the worker `name` is alive and that it will say so again within `seconds`."""
    alive = {"processes": processes, "seen_at": now_us(), "alive_until": now_us() + microseconds(seconds)}
    with store.transaction(durable=False) as connection:
        renewed = connection.execute(update(workers).where(workers.c.name == name).values(alive))
        if renewed.rowcount:
            return
        connection.execute(insert(workers).values(name=name, started_at=now_us(), **alive))
        too_long_ago = now_us() - microseconds(REMEMBERED_SECONDS)
        connection.execute(delete(workers).where(workers.c.alive_until < too_long_ago))


def forget(store: Store, name: str) -> None:
    """Say that the worker `name` ends: from now on it is not counted."""
    with store.transaction(durable=False) as connection:
        connection.execute(delete(workers).where(workers.c.name == name))


def alive(store: Store) -> list[Worker]:
    """Return the workers that are alive, in the order of their names."""
    columns = (workers.c.name, workers.c.processes, workers.c.started_at, workers.c.seen_at)
    with store.reading() as connection:
        rows = connection.execute(
            select(*columns).where(workers.c.alive_until > now_us()).order_by(workers.c.name)
        )
        return [Worker(*row) for row in rows]


def longest_wait(store: Store) -> float | None:
    """Return for how many seconds the next job to be claimed has waited; None if none waits.

    Not the job that has waited longest: that one may wait behind more urgent ones for good reason.
    """
    statement = (
        select(elapsed_us(jobs.c.queued_at))
        .where(jobs.c.status == Status.QUEUED.value)
        .order_by(*URGENCY)
        .limit(1)
    )
    with store.reading() as connection:
        waited = connection.execute(statement).scalar_one_or_none()
    return None if waited is None else waited / MICROSECONDS
