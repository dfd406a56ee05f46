"""One guarded UPDATE for every event in the life of a job, made from the table of transitions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, bindparam, case, func, update

from services.status import FILLED_IN, TRANSITIONS, Event, Status, Transition
from services.store.clock import elapsed_us, microseconds, now_us
from services.store.rows import JobRow, row_of
from services.store.tables import jobs

_IS_SILENT = jobs.c.lease_expires_at < now_us()
_IS_LAST_ATTEMPT = jobs.c.lost_attempts + 1 >= jobs.c.max_attempts

#: What must be so for an event beside the status: only the sweeper's events depend on more.
_GUARDS: dict[Event, tuple[ColumnElement[bool], ...]] = {
    Event.TAKE_BACK: (_IS_SILENT, ~_IS_LAST_ATTEMPT),
    Event.GIVE_UP: (_IS_SILENT, _IS_LAST_ATTEMPT),
}


def apply(
    connection: Connection,
    event: Event,
    where: Mapping[str, Any],
    *conditions: ColumnElement[bool],
    lease_seconds: float | None = None,
    **values: Any,
) -> JobRow | None:
    """Let `event` happen to the one job whose columns have the values in `where`, if its status allows it.

    `values` are the columns that the event's own data fills, and `lease_seconds` is how long a lease lasts
    that begins now. Everything that follows from the statuses (times, durations, columns to empty, the
    version) is added here. `conditions` must be constants of a module, for the statement is kept.

    Returns the row as it is now, or None if no job in a right status met the conditions.
    """
    statement = _statement(event, tuple(where), conditions, tuple(values), lease_seconds is not None)
    row = connection.execute(statement, _parameters(where, values, lease_seconds)).one_or_none()
    return None if row is None else row_of(JobRow, row)


@cache
def _statement(
    event: Event,
    where: tuple[str, ...],
    conditions: tuple[ColumnElement[bool], ...],
    values: tuple[str, ...],
    has_lease: bool,
) -> Update:
    """Build the UPDATE once: doing it anew takes SQLAlchemy ten times as long as the database its work."""
    transition = TRANSITIONS[event]
    assignments: dict[str, Any] = _consequences(transition)
    if has_lease:
        assignments["lease_expires_at"] = now_us() + bindparam("lease_us")
    assignments |= {name: bindparam(f"new_{name}", type_=jobs.c[name].type) for name in values}
    return (
        update(jobs)
        .where(jobs.c.status.in_(sorted(transition.sources)))
        .where(*(jobs.c[name] == bindparam(f"old_{name}") for name in where))
        .where(*_GUARDS.get(event, ()), *conditions)
        .values(assignments)
        .returning(*jobs.c)
    )


def _parameters(
    where: Mapping[str, Any], values: Mapping[str, Any], lease_seconds: float | None
) -> dict[str, Any]:
    parameters = {f"old_{name}": value for name, value in where.items()}
    parameters |= {f"new_{name}": value for name, value in values.items()}
    if lease_seconds is not None:
        parameters["lease_us"] = microseconds(lease_seconds)
    return parameters


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
    if target.is_terminal:
        values["finished_at"] = now_us()
    if transition.event is Event.CLAIM:
        values |= {"attempt": jobs.c.attempt + 1, "started_at": func.coalesce(jobs.c.started_at, now_us())}
    if transition.by == "sweeper":
        values["lost_attempts"] = jobs.c.lost_attempts + 1
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
