"""What an attempt may do with its job. Everything is fenced: a stale attempt writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from services.errors import DeterminismViolation
from services.ids import new_id
from services.jobs.progress import Flush, fence, lease_lost, store_progress
from services.status import Event, JobError, Status, StopReason
from services.store import Store, checkpoints, events, models
from services.store.sealed import Sealed
from services.store.tables import jobs

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nn.model import Model
    from services.jobs.claiming import Claim
    from services.store.rows import JobRow


def flush(store: Store, claim: Claim, flush: Flush, lease_seconds: float) -> None:
    """Store progress and renew the lease; not durable against a power cut.

    Epochs that are stored already (a lost checkpoint made the attempt repeat them, or the reply to an
    earlier flush was cut) are compared and not stored twice, so a flush may be repeated.

    Raises:
        LeaseLost: the job is no longer this attempt's; nothing was written.
        DeterminismViolation: a repeated epoch differs from the stored one; nothing was written.
        ProgressLost: an earlier flush is no longer stored, for the database crashed; nothing was written.
        Unavailable: the store cannot be reached now.
    """
    checkpoint = _sealed(flush)
    with store.transaction(durable=False) as connection:
        store_progress(connection, claim, flush, checkpoint, lease_seconds)


def finish(store: Store, claim: Claim, flush: Flush, model: Model, stop_reason: str) -> JobRow:
    """Store the last progress and the model, and make the job `succeeded`; durable.

    The job's checkpoints go: the model is what they were for.

    Raises:
        LeaseLost, DeterminismViolation, ProgressLost, Unavailable: as `flush` does.
    """
    content = models.Content.of(model)
    model_id = new_id("mdl")
    with store.transaction() as connection:
        store_progress(connection, claim, flush, None)
        job = _leave(
            connection,
            claim,
            Event.FINISH,
            stop_reason=StopReason(stop_reason).value,
            model_id=model_id,
            weights_sha256=content.weights_sha256,
        )
        if job.epoch != flush.epoch:
            raise DeterminismViolation(f"the training ended after epoch {flush.epoch}, not {job.epoch}")
        models.put(connection, model_id, job.owner, content, name=job.name, job_id=job.id)
        checkpoints.remove(connection, job.id)
    return job


def fail(store: Store, claim: Claim, code: str, detail: str, flush: Flush | None = None) -> JobRow:
    """Store the last progress, if any, and make the job `failed`; durable. `detail` is for the client.

    Raises:
        LeaseLost, DeterminismViolation, ProgressLost, Unavailable: as `flush` does.
    """
    return _end_attempt(store, claim, flush, Event.FAIL, error_code=JobError(code).value, error_detail=detail)


def hand_back(store: Store, claim: Claim, flush: Flush | None = None) -> JobRow:
    """Store the last progress, if any, and queue the job again; the attempt does not count as lost.

    Raises:
        LeaseLost, DeterminismViolation, ProgressLost, Unavailable: as `flush` does.
    """
    return _end_attempt(store, claim, flush, Event.HAND_BACK)


def hand_back_all(store: Store) -> list[str]:
    """Hand back every job that runs, in place of workers of which none is left; return the jobs' ids.

    A database that was restored says of jobs that they run, and no worker is there to say otherwise. If one
    is, it notices at its next flush that the job is no longer its own.

    Raises:
        Unavailable: the store cannot be reached now; what was done stays done.
    """
    with store.reading() as connection:
        running = select(jobs.c.id).where(jobs.c.status == Status.RUNNING.value)
        ids = list(connection.execute(running).scalars())
    handed_back = []
    for job_id in ids:
        with store.transaction() as connection:
            if events.apply(connection, Event.HAND_BACK, {"id": job_id}) is not None:
                handed_back.append(job_id)
    return handed_back


def _end_attempt(store: Store, claim: Claim, flush: Flush | None, event: Event, **values: Any) -> JobRow:
    checkpoint = None if flush is None else _sealed(flush)
    with store.transaction() as connection:
        if flush is not None:
            store_progress(connection, claim, flush, checkpoint)
        return _leave(connection, claim, event, **values)


def _leave(connection: Connection, claim: Claim, event: Event, **values: Any) -> JobRow:
    job = events.apply(connection, event, fence(claim), **values)
    if job is None:
        raise lease_lost(claim)
    return job


def _sealed(flush: Flush) -> checkpoints.Checkpoint:
    return checkpoints.Checkpoint(flush.epoch, Sealed.of(flush.checkpoint))
