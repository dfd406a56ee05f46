"""Checkpoints: the two newest of each job, each with the digest it must still have when it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from services.store.tables import checkpoints


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state after `epoch`, with the digest that its bytes had when they were made."""

    epoch: int
    sha256: str
    data: bytes

    @classmethod
    def sealed(cls, epoch: int, data: bytes) -> Checkpoint:
        """Make a checkpoint to be stored. It takes the digest, so do it before a transaction begins."""
        return cls(epoch, hashlib.sha256(data).hexdigest(), data)

    @property
    def is_whole(self) -> bool:
        """Whether the bytes are still those that were sealed."""
        return hashlib.sha256(self.data).hexdigest() == self.sha256


def put(connection: Connection, job_id: str, attempt: int, version: int, checkpoint: Checkpoint) -> None:
    """Store a checkpoint and drop all but the one before it.

    `version` is the job's, which grows with every flush: it orders checkpoints even when a job starts
    again from an earlier epoch.
    """
    connection.execute(
        insert(checkpoints).values(
            job_id=job_id,
            version=version,
            attempt=attempt,
            epoch=checkpoint.epoch,
            sha256=checkpoint.sha256,
            data=checkpoint.data,
        )
    )
    before = select(func.max(checkpoints.c.version)).where(
        checkpoints.c.job_id == job_id, checkpoints.c.version < version
    )
    connection.execute(
        delete(checkpoints).where(
            checkpoints.c.job_id == job_id, checkpoints.c.version < before.scalar_subquery()
        )
    )


def kept(connection: Connection, job_id: str) -> list[Checkpoint]:
    """Return the checkpoints of a job, newest first, damaged or not."""
    statement = (
        select(checkpoints.c.epoch, checkpoints.c.sha256, checkpoints.c.data)
        .where(checkpoints.c.job_id == job_id)
        .order_by(checkpoints.c.version.desc())
    )
    return [Checkpoint(row.epoch, row.sha256, bytes(row.data)) for row in connection.execute(statement)]


def newest_whole(candidates: Iterable[Checkpoint]) -> Checkpoint | None:
    """Return the first of `candidates` that is not damaged."""
    return next((checkpoint for checkpoint in candidates if checkpoint.is_whole), None)


def remove(connection: Connection, job_id: str) -> None:
    """Drop the checkpoints of a job whose model is stored."""
    connection.execute(delete(checkpoints).where(checkpoints.c.job_id == job_id))
