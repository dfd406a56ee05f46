"""One attempt, with the reference trainer on a real store and a clock that only training moves."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sqlalchemy import func, select

from nn import trainers
from nn.activations import ACTIVATIONS
from nn.reference import ReferenceTrainer
from services import jobs
from services.settings import Settings
from services.store.tables import loss_chunks
from tests.worker.training import (
    DIVERGING,
    MovingStore,
    Training,
    claimed,
    curve_bytes,
    interrupted,
    submitted,
)

if TYPE_CHECKING:
    from nn.preparation import Prepared
    from nn.spec import Spec
    from nn.training import Trainer
    from services.store import Store


def test_a_short_job_is_written_in_one_transaction(store: Store) -> None:
    job_id = submitted(store)
    Training(store, work=10**9).run()

    job = jobs.get(store, job_id)
    assert (job.status, job.epoch, job.stop_reason) == ("succeeded", 50, "max_epochs")
    assert job.version == 4, "submitted, claimed, progress, finished"
    assert _chunks(store, job_id) == 1


def test_a_job_says_which_trainer_it_ran_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot run natively runs on the reference; only the speed and this field show it."""
    monkeypatch.setitem(ACTIVATIONS, "by_hand", lambda x: x if x.data > 0.0 else x * 0.3)  # type: ignore[misc]

    def start_by_hand(spec: Spec, prepared: Prepared, checkpoint: bytes | None) -> Trainer:
        model = dataclasses.replace(spec.model, activations=("by_hand",) * len(spec.model.activations))
        return trainers.start(dataclasses.replace(spec, model=model), prepared, checkpoint)

    starts = {"reference": ReferenceTrainer, "compiled": trainers.start}
    said = {}
    for name, start in {**starts, "by hand": start_by_hand}.items():
        job_id = submitted(store)
        assert jobs.get(store, job_id).trainer is None
        Training(store, work=10**9, start=start).run()
        said[name] = jobs.get(store, job_id).trainer

    assert said == {"reference": "reference", "compiled": "compiled", "by hand": "reference"}


def test_what_a_client_sees_is_never_older_than_a_flush_and_a_call(store: Store) -> None:
    job_id = submitted(store)
    seen: list[int] = []
    training = Training(store, Settings(flush_seconds=0.25), seconds=0.1)
    training.each_call = lambda: seen.append(jobs.get(store, job_id).epoch)
    training.run()

    # A call is an epoch and lasts 0.1 s, so a flush is due after every third.
    assert seen == [(call // 3) * 3 for call in range(50)]


def test_a_lease_is_renewed_inside_a_long_epoch(store: Store) -> None:
    job_id = submitted(store, dataset={"inputs": [[0.5]] * 30, "targets": [1.0] * 30}, training={"epochs": 1})
    leases: list[tuple[int, int]] = []

    def look() -> None:
        job = jobs.get(store, job_id)
        leases.append((job.epoch, job.version))

    settings = Settings(flush_seconds=0.25, renew_seconds=2.0)
    training = Training(store, settings, work=1, seconds=0.7, each_call=look)
    training.run()

    assert {epoch for epoch, _ in leases} == {0}
    # Three calls of 0.7 s are the first time that 2 s have passed.
    assert [version - 2 for _, version in leases] == [call // 3 for call in range(len(leases))]
    assert len(leases) > 6


def test_flushes_that_take_long_are_made_less_often(store: Store) -> None:
    submitted(store, training={"epochs": 400})
    slow = MovingStore(store)
    flushed: list[float] = []
    training = Training(slow, Settings(flush_seconds=0.1, renew_seconds=5.0), seconds=0.01)

    def take_long() -> None:
        flushed.append(training.now)
        training.now += 0.05

    claim = claimed(store)
    slow.on_transaction = take_long
    training.run(claim)

    # Nine times as long is trained as is flushed; the first flush comes before anything is known.
    between = np.diff(flushed)[1:-1]
    assert len(between) >= 5
    assert (between >= 0.5 - 1e-9).all()


def test_a_job_fails_when_its_time_is_over_and_keeps_what_it_has(store: Store) -> None:
    job_id = submitted(store, limits={"timeout_seconds": 1})
    Training(store, seconds=0.3).run()

    job = jobs.get(store, job_id)
    assert (job.status, job.error_code, job.epoch) == ("failed", "timeout", 4)
    assert job.error_detail == "the training took longer than 1 seconds"
    assert jobs.loss_curve(store, job_id).last_epoch == 4


def test_the_time_of_earlier_attempts_counts(store: Store) -> None:
    job_id = submitted(store, limits={"timeout_seconds": 10})
    claim = dataclasses.replace(claimed(store), running_us=9_800_000)
    Training(store, seconds=0.3).run(claim)
    assert (jobs.get(store, job_id).error_code, jobs.get(store, job_id).epoch) == ("timeout", 1)


def test_a_diverging_job_keeps_the_finite_part_of_its_curve(store: Store) -> None:
    job_id = submitted(store, **DIVERGING)
    Training(store).run()

    job = jobs.get(store, job_id)
    assert (job.status, job.error_code) == ("failed", "diverged")
    assert 1 < job.epoch < 50
    assert job.error_detail == f"the loss or a parameter stopped being finite in epoch {job.epoch + 1}"
    losses = jobs.loss_curve(store, job_id).metrics["train_loss"]
    assert len(losses) == job.epoch
    assert np.isfinite(losses).all()


def test_a_cancelled_job_stops_within_one_flush_and_stays_cancelled(store: Store) -> None:
    job_id = submitted(store)
    training = Training(store, Settings(flush_seconds=0.25), seconds=0.1)

    def cancel() -> None:
        if training.calls == 10:
            jobs.cancel(store, job_id)

    training.each_call = cancel
    assert training.run() is None

    assert training.calls <= 10 + 3
    job = jobs.get(store, job_id)
    assert (job.status, job.epoch) == ("cancelled", 9)


def test_a_job_handed_back_waits_with_everything_it_has(store: Store) -> None:
    job_id = submitted(store)
    interrupted(store, after_calls=20)

    job = jobs.get(store, job_id)
    assert (job.status, job.epoch, job.lost_attempts) == ("queued", 20, 0)
    assert jobs.loss_curve(store, job_id).last_epoch == 20


@pytest.mark.parametrize("work", [None, 50])
def test_an_interrupted_job_ends_with_the_same_bits(store: Store, work: int | None) -> None:
    """50 multiply-adds are less than a sample: most stops are inside an epoch."""
    changes: dict[str, Any] = {"batch_size": 1, "shuffle": True, "optimizer": {"type": "adam"}, "epochs": 12}
    undisturbed, disturbed = submitted(store, training=changes), submitted(store, training=changes)
    Training(store).run()

    attempts = 0
    while jobs.get(store, disturbed).status != "succeeded":
        attempts += 1
        interrupted(store, after_calls=3, work=work)

    assert attempts > 3
    assert jobs.get(store, disturbed).weights_sha256 == jobs.get(store, undisturbed).weights_sha256
    assert curve_bytes(store, disturbed) == curve_bytes(store, undisturbed)
    assert jobs.get(store, disturbed).best == jobs.get(store, undisturbed).best


def test_the_best_epoch_of_an_earlier_attempt_is_remembered(store: Store) -> None:
    """An attempt that only sees the loss rise still knows the best epoch with its metrics."""
    whole, job_id = submitted(store, **DIVERGING), submitted(store, **DIVERGING)
    Training(store).run()
    metrics = jobs.loss_curve(store, whole).metrics
    lowest = int(np.argmin(metrics["train_loss"]))
    assert lowest + 1 < len(metrics["train_loss"]) - 1, "the loss rises for some epochs"

    interrupted(store, after_calls=lowest + 2)
    Training(store).run()

    best = {"epoch": lowest + 1} | {name: column[lowest] for name, column in metrics.items()}
    assert jobs.get(store, job_id).best == best


def test_a_job_without_memory_says_so(store: Store) -> None:
    job_id = submitted(store)
    Training(store, start=_raising(MemoryError)).run()
    job = jobs.get(store, job_id)
    assert (job.status, job.error_code) == ("failed", "out_of_memory")


def test_an_unexpected_error_is_logged_and_not_shown(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    job_id = submitted(store)
    Training(store, start=_raising(RuntimeError, "the secret of /etc/passwd")).run()

    job = jobs.get(store, job_id)
    assert (job.status, job.error_code) == ("failed", "internal")
    assert job.error_detail is not None
    assert "secret" not in job.error_detail
    assert "the secret of /etc/passwd" in str(caplog.records[-1].exc_info)


def test_a_training_that_does_not_repeat_itself_fails_loudly(store: Store) -> None:
    """A damaged checkpoint makes an attempt begin anew; then the same epochs must come out."""
    job_id = submitted(store)
    interrupted(store, after_calls=20)

    other: Any = lambda spec, prepared, checkpoint: ReferenceTrainer(_other(spec), prepared, checkpoint)  # noqa: E731
    from_the_beginning = dataclasses.replace(claimed(store), checkpoint=None, epoch=0)
    Training(store, start=other).run(from_the_beginning)

    job = jobs.get(store, job_id)
    assert (job.status, job.error_code, job.epoch) == ("failed", "determinism_violation", 20)


def test_repeated_epochs_are_stored_once(store: Store) -> None:
    undisturbed, job_id = submitted(store), submitted(store)
    Training(store).run()
    interrupted(store, after_calls=20)
    Training(store).run(dataclasses.replace(claimed(store), checkpoint=None, epoch=0))

    assert curve_bytes(store, job_id) == curve_bytes(store, undisturbed)
    assert jobs.get(store, job_id).weights_sha256 == jobs.get(store, undisturbed).weights_sha256


def _chunks(store: Store, job_id: str) -> int:
    with store.reading() as connection:
        statement = select(func.count()).where(loss_chunks.c.job_id == job_id)
        return connection.execute(statement).scalar_one()


def _other(spec: Any) -> Any:
    return dataclasses.replace(spec, training=dataclasses.replace(spec.training, learning_rate=0.02))


def _raising(error: type[Exception], *arguments: str) -> Any:
    class Trainer:
        def __init__(self, *_: Any) -> None:
            pass

        def advance(self, _work: int | None) -> None:
            raise error(*arguments)

    return Trainer
