"""One guarded UPDATE for every event in the life of a job, made from the table of transitions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, update

from services.status import FILLED_IN, TRANSITIONS, Event, Status, Transition
from services.store.clock import elapsed_us, microseconds, now_us
from services.store.rows import AnyRow, JobRow, row_of
from services.store.tables import jobs


def apply(
    connection: Connection, event: Event, *conditions: ColumnElement[bool], **values: Any
) -> JobRow | None:
    """Let `event` happen to the one job that `conditions` select, if its status allows it.

    `values` are the columns that the event's own data fills; everything that follows from the statuses
    (times, durations, columns to empty, the version) is added here. Returns the row as it is now, or
    None if no job in a right status met the conditions.
    """
    row = _execute(connection, event, conditions, values, list(jobs.c))
    return None if row is None else row_of(JobRow, row)


def apply_quietly(
    connection: Connection, event: Event, *conditions: ColumnElement[bool], **values: Any
) -> int | None:
    """Do what `apply` does and return only the new version: several times a second the rest is not read."""
    row = _execute(connection, event, conditions, values, [jobs.c.version])
    return None if row is None else int(row.version)


def lease_until(lease_seconds: float) -> ColumnElement[int]:
    """Return when a lease ends that begins now."""
    return now_us() + microseconds(lease_seconds)


def _execute(
    connection: Connection,
    event: Event,
    conditions: tuple[ColumnElement[bool], ...],
    values: dict[str, Any],
    returning: list[Any],
) -> AnyRow | None:
    transition = TRANSITIONS[event]
    statement = (
        update(jobs)
        .where(jobs.c.status.in_(sorted(transition.sources)), *conditions)
        .values({**_consequences(transition), **values})
        .returning(*returning)
    )
    return connection.execute(statement).one_or_none()


def _consequences(transition: Transition) -> dict[str, Any]:
    target, sources = transition.target, transition.sources
    values: dict[str, Any] = {"status": target.value, "version": jobs.c.version + 1}
    for column, statuses in FILLED_IN.items():
        if target not in statuses and sources & statuses:
            values[column] = None
    values |= _durations(transition)
    if target is Status.QUEUED:
        values["queued_at"] = now_us()
    if target is Status.RUNNING:
        values["running_since"] = now_us()
    if transition.event is Event.CLAIM:
        values |= {"attempt": jobs.c.attempt + 1, "started_at": func.coalesce(jobs.c.started_at, now_us())}
    if target.is_terminal:
        values["finished_at"] = now_us()
    return values


def _durations(transition: Transition) -> dict[str, Any]:
    """Add up the time in the status that is being left, except a lost worker's: nobody knows what it did."""
    values: dict[str, Any] = {}
    if Status.QUEUED in transition.sources:
        values["queued_us"] = _added(jobs.c.queued_us, jobs.c.queued_at, Status.QUEUED)
    if Status.RUNNING in transition.sources and transition.by != "sweeper":
        values["running_us"] = _added(jobs.c.running_us, jobs.c.running_since, Status.RUNNING)
    return values


def _added(total: ColumnElement[int], since: ColumnElement[Any], status: Status) -> ColumnElement[int]:
    return case((jobs.c.status == status.value, total + elapsed_us(since)), else_=total)
