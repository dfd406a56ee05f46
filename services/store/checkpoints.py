"""Checkpoints: the two newest of each job. A damaged one is passed over, never used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from services.store.sealed import Sealed
from services.store.tables import checkpoints

_MINE = checkpoints.c.job_id == bindparam("job")

_KEPT = (
    select(checkpoints.c.epoch, checkpoints.c.sha256, checkpoints.c.data)
    .where(_MINE)
    .order_by(checkpoints.c.version.desc())
)

_BEFORE = select(func.max(checkpoints.c.version)).where(_MINE, checkpoints.c.version < bindparam("newest"))
_DELETE_OLD = delete(checkpoints).where(_MINE, checkpoints.c.version < _BEFORE.scalar_subquery())


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a training after `epoch`."""

    epoch: int
    state: Sealed


def put(connection: Connection, job_id: str, attempt: int, version: int, checkpoint: Checkpoint) -> None:
    """Store a checkpoint and drop all but the one before it.

    `version` is the job's, which grows with every flush: it orders checkpoints even when a job starts
    again from an earlier epoch.
    """
    row = {
        "job_id": job_id,
        "version": version,
        "attempt": attempt,
        "epoch": checkpoint.epoch,
        "sha256": checkpoint.state.sha256,
        "data": checkpoint.state.data,
    }
    connection.execute(insert(checkpoints), row)
    connection.execute(_DELETE_OLD, {"job": job_id, "newest": version})


def kept(connection: Connection, job_id: str) -> list[Checkpoint]:
    """Return the checkpoints of a job, newest first, damaged or not."""
    rows = connection.execute(_KEPT, {"job": job_id})
    return [Checkpoint(row.epoch, Sealed(row.sha256, bytes(row.data))) for row in rows]


def newest_whole(candidates: Iterable[Checkpoint]) -> Checkpoint | None:
    """Return the first of `candidates` that is not damaged."""
    return next((checkpoint for checkpoint in candidates if checkpoint.state.is_whole), None)


def remove(connection: Connection, job_id: str) -> None:
    """Drop the checkpoints of a job whose model is stored."""
    connection.execute(delete(checkpoints).where(checkpoints.c.job_id == job_id))
