"""Progress of an attempt on its way into the store: what is new, and what was stored before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, select

from services.errors import DeterminismViolation, LeaseLost
from services.status import Event, Status
from services.store import checkpoints, curve, events
from services.store.tables import jobs

if TYPE_CHECKING:
    from services.jobs.claiming import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Flush:
    """Progress since the last flush.

    `curve` holds the epochs from `first_epoch` to `epoch`, possibly none, one array per metric.
    `checkpoint` is the trainer's state after them, as `Trainer.checkpoint` gives it. `best` is the best
    epoch so far with its metrics.
    """

    first_epoch: int
    curve: dict[str, curve.Floats]
    epoch: int
    checkpoint: bytes
    epochs_per_second: float | None
    best: dict[str, Any] | None


def store_progress(
    connection: Connection,
    claim: Claim,
    flush: Flush,
    checkpoint: checkpoints.Checkpoint | None,
    **values: Any,
) -> None:
    """Add the epochs of `flush` to the job, if it still is this attempt's, and keep `checkpoint`.

    `values` are further columns of the job to fill.

    Raises:
        LeaseLost: the job is no longer this attempt's.
        DeterminismViolation: an epoch was stored before with other values.
        ValueError: epochs are missing before or within the flush.
    """
    if flush.first_epoch - 1 + curve.length(flush.curve) != flush.epoch:
        raise ValueError(f"the curve does not hold the epochs {flush.first_epoch} to {flush.epoch}")
    follows = jobs.c.epoch == flush.first_epoch - 1
    version = events.apply_quietly(
        connection, Event.FLUSH, *fence(claim), follows, **_columns(flush), **values
    )
    if version is None:
        flush = _new_part(connection, claim, flush)
        version = events.apply_quietly(connection, Event.FLUSH, *fence(claim), **_columns(flush), **values)
    if version is None:
        raise lease_lost(claim)
    curve.append(connection, claim.job_id, claim.attempt, flush.first_epoch, flush.curve)
    if checkpoint is not None:
        checkpoints.put(connection, claim.job_id, claim.attempt, version, checkpoint)


def fence(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that select the claimed job only while it is this attempt's."""
    return jobs.c.id == claim.job_id, jobs.c.attempt == claim.attempt


def lease_lost(claim: Claim) -> LeaseLost:
    """Return the error that ends a stale attempt."""
    return LeaseLost(f"{claim.job_id} is no longer attempt {claim.attempt}'s")


def _columns(flush: Flush) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if flush.epochs_per_second is not None:
        values["epochs_per_second"] = flush.epochs_per_second
    if curve.length(flush.curve) > 0:
        values["epoch"] = flush.epoch
        values["latest"] = {name: float(column[-1]) for name, column in flush.curve.items()}
        values["best"] = flush.best
    return values


def _new_part(connection: Connection, claim: Claim, flush: Flush) -> Flush:
    """Compare the epochs of `flush` that are stored already, and return the rest of it."""
    stored_epoch = connection.execute(
        select(jobs.c.epoch).where(*fence(claim), jobs.c.status == Status.RUNNING.value).with_for_update()
    ).scalar_one_or_none()
    if stored_epoch is None:
        raise lease_lost(claim)
    if stored_epoch < flush.first_epoch - 1:
        raise ValueError(f"epoch {stored_epoch} is the last one stored, but {flush.first_epoch} came next")
    repeated = min(stored_epoch, flush.epoch) - flush.first_epoch + 1
    again = {name: column[:repeated] for name, column in flush.curve.items()}
    stored = curve.read(connection, claim.job_id, flush.first_epoch - 1, repeated)
    if repeated and not curve.same(again, stored.metrics):
        last = flush.first_epoch + repeated - 1
        raise DeterminismViolation(f"epochs {flush.first_epoch} to {last} came out different the second time")
    rest = {name: column[repeated:] for name, column in flush.curve.items()}
    return replace(flush, first_epoch=flush.first_epoch + repeated, curve=rest)
