"""A training stopped anywhere and gone on with from its checkpoint ends with the same bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nn.reference import ReferenceTrainer
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


def test_a_training_that_diverges_does_so_with_the_same_bytes_when_restarted_in_mid_epoch() -> None:
    job = JOBS["micrograd's moons"]
    spec = replace(job.spec, training=replace(job.spec.training, learning_rate=1e80, epochs=50))
    job = Job(spec, job.dataset)
    with pytest.raises(Diverged) as whole:
        (trainer := ReferenceTrainer(spec, job.prepared)).advance(10**12)
    with pytest.raises(Diverged) as restarted:
        restarted_at_every_step(job)
    assert restarted.value.epoch == whole.value.epoch
    resumed = ReferenceTrainer(spec, job.prepared, trainer.checkpoint())
    assert resumed.checkpoint() == trainer.checkpoint()
    assert np.isfinite(trainer.parameters()).all()
