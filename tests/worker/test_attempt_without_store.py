"""An attempt whose store goes away: it trains on, and writes when the store is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, update

from services import jobs
from services.settings import Settings
from services.store import tables
from tests.worker.training import MovingStore, Training, claimed, curve_bytes, submitted

if TYPE_CHECKING:
    from services.store import Store


def test_training_goes_on_while_the_store_is_away(store: Store) -> None:
    undisturbed, job_id = submitted(store), submitted(store)
    Training(store).run()
    claim = claimed(store)
    training = Training(MovingStore(store, lambda: 5 <= training.calls <= 40), Settings(flush_seconds=0.1))
    seen: list[int] = []
    training.each_call = lambda: seen.append(jobs.get(store, job_id).epoch)
    training.run(claim)

    assert training.calls == 50, "no call was wasted"
    assert set(seen[5:40]) == {4}, "nothing was stored while the store was away"
    assert seen[41] == 41, "all of it was stored when the store was back"
    assert curve_bytes(store, job_id) == curve_bytes(store, undisturbed)


def test_the_last_write_is_repeated_until_the_store_is_back(store: Store) -> None:
    job_id = submitted(store)
    claim = claimed(store)
    training = Training(MovingStore(store, lambda: training.now < 1100.0), work=10**9)
    training.run(claim)

    assert training.now >= 1100.0
    assert jobs.get(store, job_id).status == "succeeded"


def test_a_process_that_is_to_end_does_not_wait_for_the_store(store: Store) -> None:
    job_id = submitted(store)
    claim = claimed(store)
    training = Training(MovingStore(store, lambda: True), should_stop=lambda: True)

    assert training.run(claim) is None
    assert jobs.get(store, job_id).status == "running", "its lease runs out and the sweeper takes it back"


def test_a_flush_whose_reply_was_lost_is_not_stored_twice(store: Store) -> None:
    undisturbed, job_id = submitted(store), submitted(store)
    Training(store).run()
    claim = claimed(store)
    moving = MovingStore(store)
    moving.commit_unknown = True
    training = Training(moving, Settings(flush_seconds=0.1))
    training.run(claim)

    assert not moving.commit_unknown
    assert jobs.get(store, job_id).status == "succeeded"
    assert curve_bytes(store, job_id) == curve_bytes(store, undisturbed)


def test_a_finish_whose_reply_was_lost_is_not_repeated(store: Store) -> None:
    job_id = submitted(store)
    claim = claimed(store)
    moving = MovingStore(store)
    moving.commit_unknown = True
    training = Training(moving, work=10**9)
    training.run(claim)

    job = jobs.get(store, job_id)
    assert (job.status, job.epoch) == ("succeeded", 50)
    assert job.version == 4


def test_a_job_whose_progress_the_database_lost_goes_on_from_earlier_with_the_same_bits(store: Store) -> None:
    """Flushes are not durable: a database that crashes may come back without the last ones it took."""
    undisturbed, job_id = submitted(store), submitted(store)
    Training(store).run()
    training = Training(store, Settings(flush_seconds=0.1))
    training.each_call = lambda: forget_epochs_after(10, store, job_id) if training.calls == 30 else None
    job = training.run()

    assert job is not None
    assert (job.status, job.epoch, job.lost_attempts) == ("queued", 10, 0)
    Training(store).run()
    assert jobs.get(store, job_id).status == "succeeded"
    assert curve_bytes(store, job_id) == curve_bytes(store, undisturbed)


def forget_epochs_after(epoch: int, store: Store, job_id: str) -> None:
    chunks, checkpoints, rows = tables.loss_chunks, tables.checkpoints, tables.jobs
    with store.transaction() as connection:
        connection.execute(delete(chunks).where(chunks.c.job_id == job_id, chunks.c.first_epoch > epoch))
        connection.execute(delete(checkpoints).where(checkpoints.c.epoch > epoch))
        connection.execute(update(rows).where(rows.c.id == job_id).values(epoch=epoch))
