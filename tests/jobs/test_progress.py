"""Flushes: every epoch stored once and in order, whatever is repeated, cut or restarted."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sqlalchemy import func, select, update

from services import jobs
from services.errors import DeterminismViolation, LeaseLost, NotFound, ProgressLost
from services.status import JobError, Status
from services.store import tables
from tests.support.jobs import (
    LEASE_SECONDS,
    AnyModel,
    a_flush,
    claimed,
    finished,
    flush,
    silence,
    submitted,
    swept,
)

if TYPE_CHECKING:
    from services.jobs import Claim
    from services.store import Store


@pytest.fixture
def claim(store: Store) -> Claim:
    """The first attempt of the only job."""
    submitted(store)
    return claimed(store)


def _assert_whole_curve(store: Store, claim: Claim, last_epoch: int) -> None:
    curve = jobs.loss_curve(store, claim.job_id, 0, 100_000)
    expected = a_flush(1, last_epoch).curve
    assert list(curve.metrics) == list(expected)
    assert all(np.array_equal(curve.metrics[name], expected[name]) for name in expected)
    assert (curve.first_epoch, curve.last_epoch, curve.has_more) == (1, last_epoch, False)


def _chunks(store: Store) -> list[tuple[int, int, int]]:
    chunks = tables.loss_chunks.c
    with store.reading() as connection:
        rows = connection.execute(
            select(chunks.first_epoch, chunks.epochs, chunks.attempt).order_by(chunks.first_epoch)
        )
        return [(row.first_epoch, row.epochs, row.attempt) for row in rows]


def test_a_flush_is_one_chunk_and_a_flush_without_epochs_none(store: Store, claim: Claim) -> None:
    flush(store, claim, 1, 10)
    flush(store, claim, 11, 10)
    flush(store, claim, 11, 12)

    assert _chunks(store) == [(1, 10, 1), (11, 2, 1)]
    _assert_whole_curve(store, claim, 12)


def test_a_flush_renews_the_lease_and_shows_progress(store: Store, claim: Claim) -> None:
    silence(store, claim.job_id)
    before = jobs.get(store, claim.job_id)

    flush(store, claim, 1, 10)

    after = jobs.get(store, claim.job_id)
    assert swept(store).taken_back == []
    assert (after.epoch, after.epochs_per_second, after.best) == (10, 1000.0, {"epoch": 10})
    assert after.version == before.version + 1


def test_a_flush_without_epochs_keeps_what_was_shown(store: Store, claim: Claim) -> None:
    flush(store, claim, 1, 10)
    before = jobs.get(store, claim.job_id)

    jobs.flush(store, claim, replace(a_flush(11, 10), epochs_per_second=None, best=None), LEASE_SECONDS)

    after = jobs.get(store, claim.job_id)
    assert (after.epoch, after.latest, after.best) == (before.epoch, before.latest, before.best)
    assert after.epochs_per_second == before.epochs_per_second


def test_two_checkpoints_are_kept(store: Store, claim: Claim) -> None:
    for last in (10, 20, 30, 40):
        flush(store, claim, last - 9, last)

    with store.reading() as connection:
        kept = connection.execute(select(tables.checkpoints.c.epoch).order_by("epoch")).scalars().all()
    assert kept == [30, 40]


def test_two_checkpoints_of_one_long_epoch_are_kept_apart(store: Store, claim: Claim) -> None:
    flush(store, claim, 1, 10)
    for part in (b"a quarter", b"half", b"three quarters"):
        jobs.flush(store, claim, a_flush(11, 10, checkpoint=part), LEASE_SECONDS)
    jobs.hand_back(store, claim)

    assert claimed(store).checkpoint == b"three quarters"


def test_a_repeated_flush_stores_nothing_twice(store: Store, claim: Claim) -> None:
    """The reply to a flush was cut, and the worker sends it again."""
    flush(store, claim, 1, 10)
    flush(store, claim, 1, 10)
    flush(store, claim, 5, 20)

    assert _chunks(store) == [(1, 10, 1), (11, 10, 1)]
    _assert_whole_curve(store, claim, 20)


def test_an_attempt_that_begins_again_stores_only_what_is_new(store: Store, claim: Claim) -> None:
    """All checkpoints were damaged, so the attempt trains from the first epoch again."""
    flush(store, claim, 1, 30)
    with store.transaction() as connection:
        connection.execute(update(tables.checkpoints).values(data=b"damaged"))
    jobs.hand_back(store, claim)
    again = claimed(store)

    flush(store, again, 1, 20)
    shown = jobs.get(store, claim.job_id)
    flush(store, again, 21, 40)
    finished(store, again, 41, 50)

    assert (shown.epoch, shown.best) == (30, {"epoch": 30}), "what a client saw does not go back"
    assert _chunks(store) == [(1, 30, 1), (31, 10, 2), (41, 10, 2)]
    _assert_whole_curve(store, again, 50)


def test_an_attempt_that_begins_again_keeps_its_own_checkpoints(store: Store, claim: Claim) -> None:
    flush(store, claim, 1, 30)
    with store.transaction() as connection:
        connection.execute(update(tables.checkpoints).values(data=b"damaged"))
    jobs.hand_back(store, claim)
    flush(store, again := claimed(store), 1, 20)
    jobs.hand_back(store, again)

    third = claimed(store)

    assert (third.checkpoint, third.epoch) == (b"state after 20", 20)


@pytest.mark.parametrize("epoch", [1, 7, 10])
def test_a_repeated_epoch_that_differs_in_one_bit_is_refused(store: Store, claim: Claim, epoch: int) -> None:
    flush(store, claim, 1, 10)
    before = jobs.get(store, claim.job_id)
    again = a_flush(1, 20)
    again.curve["validation_loss"][epoch - 1] = np.nextafter(again.curve["validation_loss"][epoch - 1], 9)

    with pytest.raises(DeterminismViolation):
        jobs.flush(store, claim, again, LEASE_SECONDS)

    assert jobs.get(store, claim.job_id) == before
    assert _chunks(store) == [(1, 10, 1)]


def test_repeated_epochs_with_other_metrics_are_refused(store: Store, claim: Claim) -> None:
    flush(store, claim, 1, 10)
    again = a_flush(1, 10)
    other = {"train_loss": again.curve["train_loss"], "accuracy": again.curve["validation_loss"]}

    with pytest.raises(DeterminismViolation):
        jobs.flush(store, claim, replace(again, curve=other), LEASE_SECONDS)


def test_a_training_that_ends_before_epochs_that_are_stored_is_refused(store: Store, claim: Claim) -> None:
    flush(store, claim, 1, 30)
    model: Any = AnyModel(epoch=20)

    with pytest.raises(DeterminismViolation):
        jobs.finish(store, claim, a_flush(1, 20), model, "early_stopping")

    assert jobs.get(store, claim.job_id).status is Status.RUNNING


def test_negative_zero_is_another_loss_than_zero(store: Store, claim: Claim) -> None:
    zero = replace(a_flush(1, 1), curve={"train_loss": np.array([0.0])})
    jobs.flush(store, claim, zero, LEASE_SECONDS)

    with pytest.raises(DeterminismViolation):
        jobs.flush(store, claim, replace(zero, curve={"train_loss": np.array([-0.0])}), LEASE_SECONDS)


def test_an_attempt_whose_last_flush_the_database_lost_is_told(store: Store, claim: Claim) -> None:
    """Flushes are not durable: a database that crashes may come back without the last ones it took."""
    flush(store, claim, 1, 10)

    with pytest.raises(ProgressLost, match="epoch 10 is the last one stored"):
        flush(store, claim, 12, 20)


def test_an_attempt_whose_claim_the_database_lost_writes_nothing_beside_the_next(store: Store) -> None:
    """The next claim then has the same number."""
    job = submitted(store)
    lost = claimed(store, worker="one")
    with store.transaction() as connection:
        undone = {"status": "queued", "attempt": 0, "started_at": None, "running_since": None}
        connection.execute(update(tables.jobs).values(worker=None, lease_expires_at=None, **undone))
    claimed(store, worker="other")

    with pytest.raises(LeaseLost):
        flush(store, lost, 1, 10)
    assert jobs.get(store, job.id).epoch == 0


def test_a_curve_that_does_not_fit_its_epochs_is_a_bug_and_is_refused(store: Store, claim: Claim) -> None:
    with pytest.raises(ValueError, match="does not hold the epochs"):
        jobs.flush(store, claim, replace(a_flush(1, 10), epoch=11), LEASE_SECONDS)
    uneven = {"train_loss": np.ones(10), "validation_loss": np.ones(9)}
    with pytest.raises(ValueError, match="different lengths"):
        jobs.flush(store, claim, replace(a_flush(1, 10), curve=uneven), LEASE_SECONDS)


def test_a_job_that_ends_at_once_stores_everything_in_one_step(store: Store, claim: Claim) -> None:
    job = finished(store, claim, 1, 50)

    assert (job.status, job.epoch, job.version) == (Status.SUCCEEDED, 50, 4)
    _assert_whole_curve(store, claim, 50)


def test_a_job_that_succeeded_keeps_its_model_and_no_checkpoints(store: Store, claim: Claim) -> None:
    flush(store, claim, 1, 10)

    job = finished(store, claim, 11, 50)

    assert job.model_id is not None
    assert job.weights_sha256 == AnyModel().sha256
    with store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.checkpoints)) == 0


def test_a_job_that_failed_keeps_its_curve_and_its_checkpoint(store: Store, claim: Claim) -> None:
    flush(store, claim, 1, 10)

    job = jobs.fail(store, claim, JobError.DIVERGED, "epoch 13 is not finite", a_flush(11, 12))

    assert (job.status, job.error_code, job.error_detail) == (
        Status.FAILED,
        "diverged",
        "epoch 13 is not finite",
    )
    _assert_whole_curve(store, claim, 12)
    with store.reading() as connection:
        assert connection.scalar(select(func.max(tables.checkpoints.c.epoch))) == 12


def test_times_and_durations_add_up(store: Store) -> None:
    job = submitted(store)
    first = claimed(store)
    flush(store, first, 1, 10)
    jobs.hand_back(store, first)
    second = claimed(store)
    done = finished(store, second, 11, 50)

    assert done.started_at is not None
    assert done.finished_at is not None
    assert job.created_at <= done.started_at <= done.queued_at <= done.finished_at
    assert done.queued_us + done.running_us == pytest.approx(done.finished_at - done.created_at, abs=20_000)


def test_the_time_of_a_lost_worker_is_not_counted_as_training(store: Store, claim: Claim) -> None:
    with store.transaction() as connection:
        long_ago = tables.jobs.c.running_since - 3600 * 10**6
        connection.execute(update(tables.jobs).values(running_since=long_ago))
    silence(store, claim.job_id)

    swept(store)

    assert jobs.get(store, claim.job_id).running_us == 0


def test_the_curve_of_no_job_is_not_found(store: Store, claim: Claim) -> None:
    with pytest.raises(NotFound):
        jobs.loss_curve(store, "job_unknown")
    with pytest.raises(NotFound):
        jobs.loss_curve(store, claim.job_id, owner="somebody else")


def test_every_piece_of_the_curve_is_that_piece(store: Store, claim: Claim) -> None:
    for first, last in ((1, 10), (11, 11), (12, 25), (26, 50)):
        flush(store, claim, first, last)
    whole = a_flush(1, 50).curve

    for after, limit in itertools.product([0, 1, 9, 10, 11, 24, 25, 49, 50, 70], [1, 5, 10, 25, 100]):
        piece = jobs.loss_curve(store, claim.job_id, after, limit)

        for name, values in piece.metrics.items():
            assert np.array_equal(values, whole[name][after : after + limit])
        assert piece.first_epoch == after + 1
        assert piece.last_epoch == max(after, min(50, after + limit))
        assert piece.has_more == (after + limit < 50)
