"""Progress of an attempt on its way into the store: what is new, and what was stored before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from services.errors import DeterminismViolation, LeaseLost, ProgressLost
from services.status import Event, Status
from services.store import checkpoints, curve, events
from services.store.tables import jobs

if TYPE_CHECKING:
    from nn.training import TrainerName
    from services.jobs.claiming import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Flush:
    """Progress since the last flush.

    `curve` holds the epochs from `first_epoch` to `epoch`, possibly none, one array per metric.
    `checkpoint` is the trainer's state after them, as `Trainer.checkpoint` gives it, and `trainer` its
    name. `best` is the best epoch so far with its metrics.
    """

    first_epoch: int
    curve: dict[str, curve.Floats]
    epoch: int
    checkpoint: bytes
    epochs_per_second: float | None
    best: dict[str, Any] | None
    trainer: TrainerName


def store_progress(
    connection: Connection,
    claim: Claim,
    flush: Flush,
    checkpoint: checkpoints.Checkpoint | None,
    lease_seconds: float | None = None,
) -> None:
    """Add the epochs of `flush` to the job, if it still is this attempt's, and keep `checkpoint`.

    `lease_seconds` renews the lease.

    Raises:
        LeaseLost: the job is no longer this attempt's.
        DeterminismViolation: an epoch was stored before with other values.
        ProgressLost: epochs before those of the flush are no longer stored.
        ValueError: epochs are missing within the flush.
    """
    if flush.first_epoch - 1 + curve.length(flush.curve) != flush.epoch:
        raise ValueError(f"the curve does not hold the epochs {flush.first_epoch} to {flush.epoch}")
    following = fence(claim) | {"epoch": flush.first_epoch - 1}
    job = events.apply(connection, Event.FLUSH, following, lease_seconds=lease_seconds, **_columns(flush))
    if job is None:
        flush = _new_part(connection, claim, flush)
        own = fence(claim)  # and nobody can move it now
        job = events.apply(connection, Event.FLUSH, own, lease_seconds=lease_seconds, **_columns(flush))
    if job is None:
        raise lease_lost(claim)
    curve.append(connection, claim.job_id, claim.attempt, flush.first_epoch, flush.curve)
    if checkpoint is not None:
        checkpoints.put(connection, claim.job_id, claim.attempt, job.version, checkpoint)


def fence(claim: Claim) -> dict[str, Any]:
    """Return the columns that single out the claimed job, and that only while it is this attempt's."""
    return {"id": claim.job_id, "attempt": claim.attempt, "worker": claim.worker}


def lease_lost(claim: Claim) -> LeaseLost:
    """Return the error that ends a stale attempt."""
    return LeaseLost(f"{claim.job_id} is no longer attempt {claim.attempt}'s")


def _columns(flush: Flush) -> dict[str, Any]:
    values: dict[str, Any] = {"trainer": flush.trainer}
    if flush.epochs_per_second is not None:
        values["epochs_per_second"] = flush.epochs_per_second
    if curve.length(flush.curve) > 0:
        values["epoch"] = flush.epoch
        values["latest"] = {name: float(column[-1]) for name, column in flush.curve.items()}
        values["best"] = flush.best
    return values


def _new_part(connection: Connection, claim: Claim, flush: Flush) -> Flush:
    """Compare the epochs of `flush` that are stored already, and return the rest; locks the job's row."""
    own = [jobs.c[name] == value for name, value in fence(claim).items()]
    running = jobs.c.status == Status.RUNNING.value
    stored_epoch = connection.scalar(select(jobs.c.epoch).where(*own, running).with_for_update())
    if stored_epoch is None:
        raise lease_lost(claim)
    if stored_epoch < flush.first_epoch - 1:
        # A flush is not durable: a database that crashed may have lost the last ones it took.
        raise ProgressLost(f"epoch {stored_epoch} is the last one stored, but {flush.first_epoch} came next")
    repeated = min(stored_epoch, flush.epoch) - flush.first_epoch + 1
    again = {name: column[:repeated] for name, column in flush.curve.items()}
    stored = curve.read(connection, claim.job_id, flush.first_epoch - 1, repeated)
    if repeated and not curve.same(again, stored.metrics):
        last = flush.first_epoch + repeated - 1
        raise DeterminismViolation(f"epochs {flush.first_epoch} to {last} came out different the second time")
    rest = {name: column[repeated:] for name, column in flush.curve.items()}
    return replace(flush, first_epoch=flush.first_epoch + repeated, curve=rest)
