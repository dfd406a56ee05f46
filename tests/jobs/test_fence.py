"""A stale attempt writes nothing: its job was cancelled, paused, taken back, or is another attempt's now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from services import jobs
from services.errors import LeaseLost
from services.status import JobError
from services.store import tables
from tests.support.jobs import (
    LEASE_SECONDS,
    AnyModel,
    a_flush,
    claimed,
    flush,
    silence,
    submitted,
    swept,
)

if TYPE_CHECKING:
    from services.jobs import Claim
    from services.store import Store


def _cancelled(store: Store, claim: Claim) -> None:
    jobs.cancel(store, claim.job_id)


def _paused(store: Store, claim: Claim) -> None:
    jobs.pause(store, claim.job_id)


def _taken_back(store: Store, claim: Claim) -> None:
    silence(store, claim.job_id)
    assert swept(store).taken_back == [claim.job_id]


def _claimed_again(store: Store, claim: Claim) -> None:
    _taken_back(store, claim)
    assert claimed(store, "another worker").attempt == claim.attempt + 1


def _finished_by_another(store: Store, claim: Claim) -> None:
    _taken_back(store, claim)
    model: Any = AnyModel()
    jobs.finish(store, claimed(store, "another worker"), a_flush(11, 50), model, "max_epochs")


def _deleted(store: Store, claim: Claim) -> None:
    jobs.cancel(store, claim.job_id)
    jobs.delete(store, claim.job_id)


LOST = [_cancelled, _paused, _taken_back, _claimed_again, _finished_by_another, _deleted]

WRITES: list[Callable[[Store, Claim], Any]] = [
    lambda store, claim: jobs.flush(store, claim, a_flush(11, 20), LEASE_SECONDS),
    lambda store, claim: jobs.flush(store, claim, a_flush(1, 10), LEASE_SECONDS),
    lambda store, claim: jobs.finish(store, claim, a_flush(11, 50), AnyModel(), "max_epochs"),  # type: ignore[arg-type]
    lambda store, claim: jobs.fail(store, claim, JobError.DIVERGED, "why", a_flush(11, 12)),
    lambda store, claim: jobs.hand_back(store, claim, a_flush(11, 12)),
]


def _contents(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    with store.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in tables.metadata.sorted_tables
        }


@pytest.mark.parametrize("lose", LOST, ids=lambda lose: lose.__name__.strip("_"))
@pytest.mark.parametrize("write", WRITES, ids=["flush", "repeated flush", "finish", "fail", "hand back"])
def test_a_worker_that_lost_its_job_writes_nothing(
    store: Store,
    lose: Callable[[Store, Claim], None],
    write: Callable[[Store, Claim], Any],
) -> None:
    submitted(store)
    claim = claimed(store)
    flush(store, claim, 1, 10)
    lose(store, claim)
    before = _contents(store)

    with pytest.raises(LeaseLost):
        write(store, claim)

    assert _contents(store) == before


def test_a_lease_that_ran_out_but_was_not_taken_back_can_still_be_renewed(store: Store) -> None:
    """The sweeper decides, not the clock alone: a late worker whose job nobody took goes on."""
    submitted(store)
    claim = claimed(store)
    silence(store, claim.job_id)

    flush(store, claim, 1, 10)

    assert swept(store).taken_back == []
    with store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.loss_chunks)) == 1
