"""The ids of events: whoever goes on behind any of them has every epoch once, and the end."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from services.schemas.events import Position, events
from services.status import Status
from services.store.curve import Curve
from tests.support.jobs import in_status

if TYPE_CHECKING:
    from services.store.rows import JobRow

EPOCHS = 4500
LOSSES = 1 / np.arange(1, EPOCHS + 1)


def curve_after(epoch: int, last: int = EPOCHS) -> Curve:
    return Curve(epoch + 1, {"train_loss": LOSSES[epoch:last]}, has_more=last < EPOCHS)


@pytest.fixture
def job(store: Any) -> JobRow:
    """A job that has succeeded, on whichever database: only its row matters."""
    return replace(in_status(store, Status.SUCCEEDED), epoch=EPOCHS, epochs=EPOCHS)


def told(job: JobRow, position: Position, last: int = EPOCHS) -> list[tuple[Position, str, Any]]:
    found = []
    for reached, event in events(position, job, curve_after(min(position.epoch, EPOCHS), last)):
        id_, name, data = event.decode().removesuffix("\n\n").split("\n")
        assert id_ == f"id: {reached}"
        found.append((reached, name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def test_a_terminal_job_is_told_in_slices_then_its_status_then_the_end(job: JobRow) -> None:
    heard = told(job, Position())
    assert [name for _, name, _ in heard] == ["epochs", "epochs", "epochs", "status", "end"]
    assert [epoch for _, name, data in heard if name == "epochs" for epoch in data["epochs"]] == list(
        range(1, EPOCHS + 1)
    )
    assert heard[-1][0].is_end
    assert heard[-1][2]["status"] == heard[-2][2]["status"] == "succeeded"


def test_going_on_behind_any_event_gives_exactly_the_rest(job: JobRow) -> None:
    whole = told(job, Position())
    for heard in range(1, len(whole)):
        id_ = str(whole[heard - 1][0])
        again = Position.parse(id_)
        assert again is not None
        assert told(job, again) == whole[heard:], id_


def test_a_status_is_told_before_the_epochs_that_come_in_it_and_once(job: JobRow) -> None:
    running = replace(job, status=Status.RUNNING, epoch=100)
    first = told(running, Position(), last=100)
    assert [name for _, name, _ in first] == ["status", "epochs"]
    position = first[-1][0]
    assert [name for _, name, _ in told(running, position, last=200)] == ["epochs"]
    next_attempt = replace(running, attempt=job.attempt + 1)
    assert [name for _, name, _ in told(next_attempt, position, last=100)] == ["status"]
    assert told(running, position, last=100) == []


def test_a_terminal_job_does_not_end_before_its_curve(job: JobRow) -> None:
    heard = told(job, Position(), last=3000)
    assert [name for _, name, _ in heard] == ["epochs", "epochs"]
    assert [name for _, name, _ in told(job, heard[-1][0])] == ["epochs", "status", "end"]


def test_positions_grow(job: JobRow) -> None:
    for (earlier, _, _), (later, _, _) in pairwise(told(job, Position())):
        assert later.epoch >= earlier.epoch
        assert later != earlier


def test_epochs_that_the_store_has_not_again_yet_are_waited_for(job: JobRow) -> None:
    """A database that lost its last flushes in a crash gets the same epochs again."""
    running = replace(job, status=Status.RUNNING, epoch=100)
    position = Position(150, job.attempt, "running")
    behind = Curve(151, {}, has_more=False)
    assert list(events(position, running, behind)) == []


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.1", "1.1.", "1.1.done", "-1.1.running", "1.1.running\n", " 1.1.running", "1.1.RUNNING",
     "9999999999999999.1.running", "1.1.running.1", "\u0661.1.running", "1e3.1.running", "a.b.c", "x" * 1000],
)  # fmt: skip
def test_what_is_not_an_id_of_ours_is_none(text: str) -> None:
    assert Position.parse(text) is None
