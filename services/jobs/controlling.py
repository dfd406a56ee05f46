"""What a client does with a job: cancel, pause, resume, delete. Each takes effect at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete as sql_delete

from services.errors import InvalidStatus
from services.jobs.reading import find
from services.status import TERMINAL, TRANSITIONS, Event, Status
from services.store import Store, datasets, events
from services.store.tables import jobs

if TYPE_CHECKING:
    from services.store.rows import JobRow

#: An action on a job that is there already is satisfied, and not an error. To resume a job is satisfied
#: while it waits or runs; whether a pause came before makes no difference.
_SATISFIED: dict[Event, frozenset[Status]] = {
    Event.CANCEL: frozenset({Status.CANCELLED}),
    Event.PAUSE: frozenset({Status.PAUSED}),
    Event.RESUME: frozenset({Status.QUEUED, Status.RUNNING}),
}


def cancel(store: Store, job_id: str, owner: str = "") -> JobRow:
    """Make the job `cancelled`; its worker learns it at its next flush. What is stored stays readable.

    Raises:
        NotFound: no such job.
        InvalidStatus: the job has succeeded or failed.
        Unavailable: the store cannot be reached now.
    """
    return _act(store, Event.CANCEL, job_id, owner)


def pause(store: Store, job_id: str, owner: str = "") -> JobRow:
    """Make the job `paused`: it keeps its last checkpoint and waits for `resume`.

    Raises:
        NotFound: no such job.
        InvalidStatus: the job is terminal.
        Unavailable: the store cannot be reached now.
    """
    return _act(store, Event.PAUSE, job_id, owner)


def resume(store: Store, job_id: str, owner: str = "") -> JobRow:
    """Queue a paused job again; the next attempt goes on from its checkpoint.

    Raises:
        NotFound: no such job.
        InvalidStatus: the job is terminal.
        Unavailable: the store cannot be reached now.
    """
    return _act(store, Event.RESUME, job_id, owner)


def delete(store: Store, job_id: str, owner: str = "") -> None:
    """Delete a terminal job with its curve, its checkpoints and its idempotency key.

    Its model stays: it is an object of its own. Its datasets go if they came with a job and no other job
    uses them.

    Raises:
        NotFound: no such job.
        InvalidStatus: the job is not terminal.
        Unavailable: the store cannot be reached now.
    """
    with store.transaction() as connection:
        deleted = connection.execute(
            sql_delete(jobs)
            .where(jobs.c.id == job_id, jobs.c.owner == owner, jobs.c.status.in_(sorted(TERMINAL)))
            .returning(jobs.c.dataset_id, jobs.c.validation_dataset_id)
        ).one_or_none()
        if deleted is None:
            job = find(connection, job_id, owner)
            raise InvalidStatus(f"a {job.status} job cannot be deleted", status=job.status, allowed=TERMINAL)
        datasets.remove_unused(connection, {id_ for id_ in deleted if id_ is not None})


def _act(store: Store, event: Event, job_id: str, owner: str) -> JobRow:
    with store.transaction() as connection:
        job = events.apply(connection, event, {"id": job_id, "owner": owner})
        if job is not None:
            return job
        job = find(connection, job_id, owner)
        if job.status in _SATISFIED[event]:
            return job
        raise InvalidStatus(
            f"a {job.status} job cannot be changed by {event}",
            status=job.status,
            allowed=TRANSITIONS[event].sources,
        )
