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


@pytest.mark.parametrize("values", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_an_impossible_job_is_refused(store: Store, values: dict[str, Any]) -> None:
    job = in_status(store, Status.RUNNING)

    with pytest.raises(sqlalchemy.exc.IntegrityError):
        _change(store, job.id, values)

    assert jobs.get(store, job.id) == job


@pytest.mark.parametrize("column", FILLED_IN)
@pytest.mark.parametrize("status", sorted(set(Status) - TERMINAL))
def test_a_column_that_does_not_belong_to_the_status_is_refused(
    store: Store, column: str, status: Status
) -> None:
    job = in_status(store, status)
    number = isinstance(tables.jobs.c[column].type, sqlalchemy.BigInteger)
    words = {"stop_reason": "max_epochs", "error_code": "internal"}
    value = None if status in FILLED_IN[column] else 1 if number else words.get(column, "text")

    with pytest.raises(sqlalchemy.exc.IntegrityError, match=column):
        _change(store, job.id, {column: value})


@pytest.mark.parametrize("status", sorted(TERMINAL))
@pytest.mark.parametrize(
    "values",
    [
        {"status": "queued", **dict.fromkeys(FILLED_IN)},
        {"epoch": 1},
        {"metadata": {}},
        {"version": 99},
    ],
    ids=["status", "epoch", "metadata", "version"],
)
def test_a_terminal_job_never_changes(store: Store, status: Status, values: dict[str, Any]) -> None:
    job = in_status(store, status)

    with pytest.raises(sqlalchemy.exc.IntegrityError, match="does not allow this change"):
        _change(store, job.id, values)

    assert jobs.get(store, job.id) == job


@pytest.mark.parametrize("source", sorted(set(Status) - TERMINAL))
@pytest.mark.parametrize("target", Status)
def test_a_status_changes_only_along_the_arrows(store: Store, source: Status, target: Status) -> None:
    job = in_status(store, source)
    known = {"stop_reason": "max_epochs", "error_code": "internal"}
    right_columns = {
        column: (known.get(column, "1") if target in statuses else None)
        for column, statuses in FILLED_IN.items()
    }
    if source is Status.QUEUED or source is Status.PAUSED:
        right_columns |= {"attempt": 1, "started_at": 1}
    allowed = source is target or any(
        source in transition.sources and target is transition.target for transition in TRANSITIONS.values()
    )

    try:
        _change(store, job.id, {"status": target.value, **right_columns})
    except sqlalchemy.exc.IntegrityError:
        happened = False
    else:
        happened = True

    assert happened == allowed


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
