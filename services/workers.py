"""Which workers are alive: each says so in the store at every sweep, by the database's clock.

Only `GET /readyz` and `GET /v1/queue` look at this, and people. No decision about a job depends on it:
that is what the lease of each job is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from sqlalchemy import delete, insert, select, update

from services.formats import UNDERSTOOD
from services.status import Status
from services.store.clock import MICROSECONDS, elapsed_us, microseconds, now_us
from services.store.tables import URGENCY, jobs, workers

if TYPE_CHECKING:
    from services.store.store import Store

#: Seconds after which the row of a dead worker is dropped: long enough to see in `/v1/queue` that one died.
REMEMBERED_SECONDS = 3600.0


#: Upper ends, in seconds, of the classes into which flushes are sorted by how long they took. The last class
#: has no end.
FLUSH_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


@dataclass(frozen=True, slots=True)
class Worker:
    """One living worker: its name, how many jobs it trains at a time, and when it started and last spoke.

    Times are microseconds since 1970.
    """

    name: str
    processes: int
    started_at: int
    seen_at: int


class Figures(TypedDict):
    """What a worker has counted since it started; `flushes` by how long they took (`FLUSH_SECONDS`).

    `taken_back` and `given_up` are jobs of lost workers, whichever, that this one's sweeper found.
    """

    epochs: int
    claims: int
    flush_seconds: float
    flushes: list[int]
    sweeps: int
    taken_back: int
    given_up: int


def renew(store: Store, name: str, *, processes: int, seconds: float, figures: Figures | None = None) -> None:
    """Say that the worker `name` is alive and that it will say so again within `seconds`."""
    alive = {
        "processes": processes,
        "seen_at": now_us(),
        "alive_until": now_us() + microseconds(seconds),
        "figures": figures,
    }
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


def figures(store: Store) -> dict[str, Figures]:
    """Return what each worker has counted, by its name; also of workers that died a short while ago.

    Raises:
        Unavailable: the store cannot be reached now.
    """
    statement = select(workers.c.name, workers.c.figures).where(workers.c.figures.is_not(None))
    with store.reading() as connection:
        return {row.name: row.figures for row in connection.execute(statement)}


def longest_wait(store: Store) -> float | None:
    """Return for how many seconds the next job that this code can claim has waited; None if none waits.

    Not the job that has waited longest: that one may wait behind more urgent ones for good reason.
    """
    statement = (
        select(elapsed_us(jobs.c.queued_at))
        .where(jobs.c.status == Status.QUEUED.value, jobs.c.format.in_(sorted(UNDERSTOOD)))
        .order_by(*URGENCY)
        .limit(1)
    )
    with store.reading() as connection:
        waited = connection.execute(statement).scalar_one_or_none()
    return None if waited is None else waited / MICROSECONDS
