"""The database itself refuses impossible rows and changes, even from somebody at a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from sqlalchemy import literal, select, update

from services import jobs
from services.status import FILLED_IN, TERMINAL, TRANSITIONS, Status
from services.store import tables
from tests.support.jobs import claimed, flush, in_status, submitted

if TYPE_CHECKING:
    from services.store import Store

IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "unknown status": {"status": "sleeping"},
    "priority above the highest": {"priority": 10},
    "priority below the lowest": {"priority": -1},
    "no attempts allowed": {"max_attempts": 0},
    "too many attempts allowed": {"max_attempts": 101},
    "more lost attempts than attempts": {"lost_attempts": 2},
    "every attempt lost and still running": {"attempt": 3, "lost_attempts": 3},
    "began without an attempt": {"attempt": 0},
    "an attempt without a beginning": {"started_at": None},
    "no epochs": {"epochs": 0},
    "an epoch beyond the last": {"epoch": 51},
    "an epoch before the first": {"epoch": -1},
    "no time to train in": {"timeout_seconds": 0.0},
    "a negative duration": {"running_us": -1},
    "a reason to stop that is none": {"stop_reason": "boredom"},
    "no version": {"version": 0},
}


def _change(store: Store, job_id: str, values: dict[str, Any]) -> None:
    with store.transaction() as connection:
        connection.execute(update(tables.jobs).where(tables.jobs.c.id == job_id).values(values))


def _is_accepted(store: Store, job_id: str, values: dict[str, Any]) -> bool:
    try:
        _change(store, job_id, values)
    except sqlalchemy.exc.IntegrityError:
        return False
    return True


def _something(column: str) -> Any:
    """Return a value that the column may have in some status."""
    if isinstance(tables.jobs.c[column].type, sqlalchemy.BigInteger):
        return 1
    return {"stop_reason": "max_epochs", "error_code": "internal"}.get(column, "text")


def test_impossible_jobs_are_refused(store: Store) -> None:
    job = in_status(store, Status.RUNNING)

    accepted = {what for what, values in IMPOSSIBLE.items() if _is_accepted(store, job.id, values)}

    assert accepted == set()
    assert jobs.get(store, job.id) == job


@pytest.mark.parametrize("status", sorted(set(Status) - TERMINAL))
def test_a_column_that_does_not_belong_to_the_status_is_refused(store: Store, status: Status) -> None:
    job = in_status(store, status)

    for column, statuses in FILLED_IN.items():
        with pytest.raises(sqlalchemy.exc.IntegrityError, match=column):
            _change(store, job.id, {column: None if status in statuses else _something(column)})


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_terminal_job_never_changes(store: Store, status: Status) -> None:
    job = in_status(store, status)

    for values in (
        {"status": "queued", **dict.fromkeys(FILLED_IN)},
        {"epoch": 1},
        {"metadata": {}},
        {"version": 99},
    ):
        with pytest.raises(sqlalchemy.exc.IntegrityError, match="does not allow this change"):
            _change(store, job.id, values)

    assert jobs.get(store, job.id) == job


@pytest.mark.parametrize("target", Status)
def test_a_status_changes_only_along_the_arrows(store: Store, target: Status) -> None:
    sources = sorted(set(Status) - TERMINAL, key=lambda status: status is Status.QUEUED)
    jobs_by_source = {source: in_status(store, source).id for source in sources}
    columns = {name: _something(name) if target in held else None for name, held in FILLED_IN.items()}
    columns |= {"status": target.value, "attempt": 1, "started_at": 1}

    changed = {source for source in sources if _is_accepted(store, jobs_by_source[source], columns)}

    arrows = (transition for transition in TRANSITIONS.values() if transition.target is target)
    assert changed == {source for arrow in arrows for source in arrow.sources} | ({target} - TERMINAL)


def test_stored_epochs_never_change(store: Store) -> None:
    submitted(store)
    flush(store, claimed(store), 1, 10)

    with (
        pytest.raises(sqlalchemy.exc.IntegrityError, match="stored epochs never change"),
        store.transaction() as connection,
    ):
        connection.execute(update(tables.loss_chunks).values(attempt=2))


def test_an_epoch_cannot_be_stored_twice(store: Store) -> None:
    submitted(store)
    flush(store, claimed(store), 1, 10)
    chunks = tables.loss_chunks.c
    columns = ["job_id", "first_epoch", "epochs", "attempt", "metrics", "data"]
    same = select(chunks.job_id, chunks.first_epoch, literal(1), literal(1), chunks.metrics, chunks.data)

    with pytest.raises(sqlalchemy.exc.IntegrityError), store.transaction() as connection:
        connection.execute(tables.loss_chunks.insert().from_select(columns, same))
