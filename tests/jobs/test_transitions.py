"""Every event in every status: what the table of transitions allows happens, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from services import jobs
from services.errors import InvalidStatus, LeaseLost
from services.status import FILLED_IN, TRANSITIONS, Event, JobError, Status
from tests.support.jobs import (
    LEASE_SECONDS,
    AnyModel,
    a_claim_of,
    a_flush,
    in_status,
    silence,
    swept,
)

if TYPE_CHECKING:
    from services.store import Store
    from services.store.rows import JobRow

#: What a client may ask again, and be told that it is so already.
SATISFIED = {
    (Event.CANCEL, Status.CANCELLED),
    (Event.PAUSE, Status.PAUSED),
    (Event.RESUME, Status.QUEUED),
    (Event.RESUME, Status.RUNNING),
}

ACTIONS = {Event.CANCEL: jobs.cancel, Event.PAUSE: jobs.pause, Event.RESUME: jobs.resume}

REFUSED = [
    (event, status)
    for event in ACTIONS
    for status in Status
    if status not in TRANSITIONS[event].sources and (event, status) not in SATISFIED
]


def _claim(store: Store, job: JobRow) -> bool:
    return jobs.claim(store, worker="another worker", lease_seconds=LEASE_SECONDS) is not None


def _sweep(store: Store, job: JobRow) -> bool:
    if job.status is Status.RUNNING:
        silence(store, job.id)
    done = swept(store)
    return bool([*done.taken_back, *done.given_up])


def _by_its_worker(act: Callable[..., Any], *arguments: Any) -> Callable[[Store, JobRow], bool]:
    def try_it(store: Store, job: JobRow) -> bool:
        try:
            act(store, a_claim_of(job), *arguments)
        except LeaseLost:
            return False
        return True

    return try_it


def _by_a_client(act: Callable[[Store, str], JobRow]) -> Callable[[Store, JobRow], bool]:
    def try_it(store: Store, job: JobRow) -> bool:
        try:
            after = act(store, job.id)
        except InvalidStatus:
            return False
        return after != job

    return try_it


#: How each event is tried; tells whether it happened.
TRY: dict[Event, Callable[[Store, JobRow], bool]] = {
    Event.CLAIM: _claim,
    Event.FLUSH: _by_its_worker(jobs.flush, a_flush(1, 5), LEASE_SECONDS),
    Event.FINISH: _by_its_worker(jobs.finish, a_flush(1, 50), AnyModel(), "max_epochs"),
    Event.FAIL: _by_its_worker(jobs.fail, JobError.INTERNAL, "no reason"),
    Event.HAND_BACK: _by_its_worker(jobs.hand_back),
    Event.TAKE_BACK: _sweep,
    Event.GIVE_UP: _sweep,
    Event.CANCEL: _by_a_client(jobs.cancel),
    Event.PAUSE: _by_a_client(jobs.pause),
    Event.RESUME: _by_a_client(jobs.resume),
}


def test_every_event_is_tried() -> None:
    assert set(TRY) == set(Event) == set(TRANSITIONS)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("event", Event)
def test_an_event_happens_exactly_where_the_table_allows_it(
    store: Store, event: Event, status: Status
) -> None:
    before = in_status(store, status, max_attempts=1 if event is Event.GIVE_UP else 3)
    transition = TRANSITIONS[event]

    happened = TRY[event](store, before)

    after = jobs.get(store, before.id)
    assert happened == (status in transition.sources)
    if happened:
        assert after.status is transition.target
        assert after.version > before.version
    else:
        assert after == before


@pytest.mark.parametrize(("event", "status"), sorted(SATISFIED))
def test_a_satisfied_action_is_no_error_and_changes_nothing(
    store: Store, event: Event, status: Status
) -> None:
    before = in_status(store, status)

    assert ACTIONS[event](store, before.id) == before


@pytest.mark.parametrize(("event", "status"), REFUSED)
def test_an_action_that_is_refused_tells_where_it_is_allowed(
    store: Store, event: Event, status: Status
) -> None:
    job = in_status(store, status)

    with pytest.raises(InvalidStatus) as caught:
        ACTIONS[event](store, job.id)

    assert caught.value.status == status
    assert set(caught.value.allowed) == set(TRANSITIONS[event].sources)


@pytest.mark.parametrize("status", Status)
def test_a_status_fills_its_columns_and_no_others(store: Store, status: Status) -> None:
    job = in_status(store, status)

    filled = {column for column in FILLED_IN if getattr(job, column) is not None}

    assert filled == {column for column, statuses in FILLED_IN.items() if status in statuses}
