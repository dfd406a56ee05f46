"""A call does about the work it is given, wherever that ends, and keeps nothing from epoch to epoch."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from nn import trainers
from nn.compiled.plan import MOST_SAMPLES
from nn.compiled.trainer import MOST_EPOCHS, CompiledTrainer
from nn.layout import Layout
from nn.spec import Adam, EarlyStopping, ValidationSplit
from tests.compiled.wide import wide

if TYPE_CHECKING:
    from tests.compiled.trainings import Training


def started(training: Training) -> CompiledTrainer:
    trainer = trainers.start(training.spec, training.prepared)
    assert isinstance(trainer, CompiledTrainer)
    return trainer


def work_done(trainer: CompiledTrainer, layout: Layout) -> int:
    """Return the multiply-adds of all samples that have gone through the network so far.

    Of a step and of the validation as far as they are, for that is what a call must be able to leave half
    done.
    """
    job: Any = trainer._job
    validating = bool(job["validating"])
    in_step = 0 if validating else int(job["sample"])
    whole = int(job["samples"]) * layout.training_work + int(job["validation_samples"]) * layout.weight_count
    done = int(job["epoch"]) * whole + min(int(job["step"]) * int(job["batch"]), int(job["samples"])) * (
        layout.training_work
    )
    return (
        done
        + in_step * layout.training_work
        + (int(job["sample"]) if validating else 0) * layout.weight_count
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"batch_size": 32},
        {"batch_size": 1, "shuffle": True},
        {"samples": 5000, "validation_split": ValidationSplit(0.5, stratify=False)},
        {"batch_size": 7, "optimizer": Adam(), "l1": 0.1, "gradient_clip_norm": 1.0},
    ],
    ids=["all in one batch", "batches", "one by one", "validation", "much beside"],
)
@pytest.mark.parametrize("work", [1, 1_000_000, 300_000_000])
def test_a_call_does_the_work_it_is_given_and_at_most_a_chunk_more(
    changes: dict[str, Any], work: int
) -> None:
    """Whatever the size of the job, its epochs and its batches: a cancelled job ends within a call."""
    training = wide(**{"samples": 2000, "epochs": 10**6, **changes})
    trainer = started(training)
    layout = Layout((200, 256, 256, 2))
    chunk = MOST_SAMPLES * layout.training_work
    before = work_done(trainer, layout)
    calls = 3
    for _ in range(calls):
        trainer.advance(work)
        now = work_done(trainer, layout)
        assert 0 < now - before <= work + chunk
        before = now
    assert trainer.advance(work).epoch < 10**6


def test_the_largest_chunk_of_the_largest_network_is_a_tenth_of_a_second_of_work() -> None:
    """Counted in multiply-adds, which a core of today does 10 to 30 thousand million of in a second."""
    from services.settings import Limits

    assert MOST_SAMPLES * 3 * Limits().parameters < 2_000_000_000


def test_a_call_ends_when_there_is_no_more_room_for_epochs() -> None:
    training = wide(inputs=1, width=1, samples=1, epochs=10**9)
    assert started(training).advance(10**15).epoch == MOST_EPOCHS


def test_a_training_keeps_nothing_per_epoch() -> None:
    """Ten times the epochs need no more memory: neither in one call nor over many."""
    stopping = EarlyStopping("train_loss", patience=10**6, min_delta=0.0, restore_best=True)

    def peak(epochs: int) -> int:
        training = wide(inputs=2, width=3, samples=4, epochs=epochs, early_stopping=stopping)
        trainer = started(training)
        trainer.advance(1)
        tracemalloc.start()
        try:
            while trainer.advance(10**8).stop_reason is None:
                trainer.checkpoint()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(2 * MOST_EPOCHS) < 1.5 * peak(MOST_EPOCHS) + 100_000
    assert peak(6 * MOST_EPOCHS) < 1.2 * peak(2 * MOST_EPOCHS) + 100_000


def test_the_memory_of_a_training_is_data_parameters_and_one_chunk() -> None:
    training = wide(samples=20_000, epochs=1)
    layout = Layout((200, 256, 256, 2))
    numbers = started(training)._plan.pieces["zeros"].arena.space.size

    parameters = layout.count
    widest_rows = MOST_SAMPLES * (sum(layout.widths) * 2 + 2 * max(layout.widths))
    assert numbers < 8 * parameters + 2 * widest_rows
    assert numbers < training.prepared.train_inputs.size / 2
