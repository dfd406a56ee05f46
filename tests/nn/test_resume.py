"""A training stopped anywhere and gone on with from its checkpoint ends with the same bits."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from nn.reference import ReferenceTrainer
from nn.spec import Sgd
from nn.training import Diverged, Progress
from tests.nn.jobs import JOBS, Job, curve_bytes, run, train


def restarted_at_every_step(job: Job) -> tuple[bytes, list[Progress]]:
    """Give every trainer one step, let it begin another that is lost, and go on with a new one."""
    prepared, checkpoint, progresses = job.prepared, None, []
    while not progresses or progresses[-1].stop_reason is None:
        trainer = ReferenceTrainer(job.spec, prepared, checkpoint)
        before = trainer.checkpoint()
        while True:
            progresses.append(trainer.advance(1))
            checkpoint = trainer.checkpoint()
            if checkpoint != before or progresses[-1].stop_reason is not None:
                break
        trainer.advance(1)
    assert checkpoint is not None
    return checkpoint, progresses


@pytest.mark.parametrize("name", JOBS)
def test_restarted_at_every_step_it_ends_with_the_same_bytes_and_curve(name: str) -> None:
    whole, progress = train(JOBS[name])
    checkpoint, progresses = restarted_at_every_step(JOBS[name])
    assert checkpoint == whole.checkpoint()
    assert curve_bytes(progresses) == curve_bytes([progress])


@pytest.mark.parametrize("work", [1, 100, 1000])
def test_the_length_of_the_calls_changes_nothing(work: int) -> None:
    job = JOBS["split and early stop"]
    whole, progress = train(job)
    trainer = ReferenceTrainer(job.spec, job.prepared)
    progresses = run(trainer, work)
    assert trainer.checkpoint() == whole.checkpoint()
    assert curve_bytes(progresses) == curve_bytes([progress])


def test_a_finished_checkpoint_is_still_finished() -> None:
    job = JOBS["split and early stop"]
    whole, _ = train(job)
    again = ReferenceTrainer(job.spec, job.prepared, whole.checkpoint())
    assert again.advance(1).stop_reason == "early_stopping"
    assert again.parameters().tolist() == whole.parameters().tolist()
    assert again.kept_epoch == whole.kept_epoch


def checkpoints_until_it_diverges(trainer: ReferenceTrainer) -> list[bytes]:
    """Return every checkpoint before the one after the divergence."""
    checkpoints = [trainer.checkpoint()]
    with contextlib.suppress(Diverged):
        while True:
            trainer.advance(1)
            if trainer.checkpoint() != checkpoints[-1]:
                checkpoints.append(trainer.checkpoint())
    return checkpoints


def test_a_training_that_diverges_ends_with_the_same_bytes_when_resumed_in_mid_epoch() -> None:
    moons = JOBS["micrograd's moons"]
    changes = {"learning_rate": 1e80, "optimizer": Sgd(momentum=0.9), "epochs": 50}
    job = Job(replace(moons.spec, training=replace(moons.spec.training, **changes)), moons.dataset)
    whole = ReferenceTrainer(job.spec, job.prepared)
    *_, inside_the_epoch, still_inside, before_its_end = checkpoints_until_it_diverges(whole)
    for checkpoint in (inside_the_epoch, still_inside, before_its_end):
        resumed = ReferenceTrainer(job.spec, job.prepared, checkpoint)
        with pytest.raises(Diverged):
            resumed.advance(10**12)
        assert resumed.checkpoint() == whole.checkpoint()
