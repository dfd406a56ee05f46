"""The reference trainer against an independent one: the same training written with matrices."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from nn.data import Dataset
from nn.initializers import initial_parameters
from nn.layout import Layout
from nn.optimizers import rule_of
from nn.preparation import prepare
from nn.reference import ReferenceTrainer
from nn.spec import Adam, EarlyStopping, Sgd
from nn.training import Diverged
from tests.nn.jobs import EVERYTHING, JOBS, Job, model, regression, run, train


def by_matrices(job: Job) -> tuple[list[float], list[np.ndarray]]:
    """Train a tanh network with momentum and l2 by NumPy; return losses and weights."""
    spec, training = job.spec, job.spec.training
    prepared = job.prepared
    layout = Layout((prepared.train_inputs.shape[1], *spec.model.layers))
    (w1, b1), (w2, b2) = layout.split(initial_parameters(spec, layout))
    velocities = [np.zeros_like(array) for array in (w1, b1, w2, b2)]
    losses = []
    size = training.batch_size or len(prepared.train_inputs)
    for _ in range(training.epochs):
        loss, penalties = 0.0, []
        for start in range(0, len(prepared.train_inputs), size):
            x, t = prepared.train_inputs[start : start + size], prepared.train_targets[start : start + size]
            hidden = np.tanh(x @ w1.T + b1)
            error = hidden @ w2.T + b2 - t
            loss += (error**2).sum()
            penalties.append(training.l2 * ((w1**2).sum() + (w2**2).sum()))
            delta = 2.0 * error / error.size
            below = delta @ w2 * (1.0 - hidden**2)
            gradients = [
                below.T @ x + 2 * training.l2 * w1,
                below.sum(0),
                delta.T @ hidden + 2 * training.l2 * w2,
                delta.sum(0),
            ]
            for array, velocity, gradient in zip((w1, b1, w2, b2), velocities, gradients, strict=True):
                velocity *= 0.8
                velocity -= training.learning_rate * gradient
                array += velocity
        losses.append(loss / prepared.train_targets.size + np.mean(penalties))
    return losses, [w1, b1, w2, b2]


def waves(rows: int) -> Dataset:
    inputs = np.random.default_rng(rows).normal(size=(rows, 3))
    return Dataset(inputs, np.sin(inputs[:, :2]))


def test_the_reference_agrees_with_a_matrix_trainer() -> None:
    """A smaller last batch, mean over samples and two outputs, momentum, a penalty on the weights."""
    spec = regression(
        model(4, 2, activation="tanh"),
        epochs=6,
        optimizer=Sgd(momentum=0.8),
        reduction="mean",
        batch_size=4,
        l2=0.01,
        learning_rate=0.1,
    )
    job = Job(spec, waves(10))
    trainer, progress = train(job)
    losses, arrays = by_matrices(job)
    assert progress.curve["train_loss"].tolist() == pytest.approx(losses, rel=1e-12)
    assert trainer.parameters() == pytest.approx(
        np.concatenate([array.ravel() for array in arrays]), rel=1e-12
    )


def test_an_epochs_loss_is_what_was_seen_before_each_step_and_validation_what_comes_after() -> None:
    """With one batch the validation loss of an epoch is the training loss of the next, on the same data."""
    job = JOBS["tutorial"]
    trainer = ReferenceTrainer(job.spec, prepare(job.spec, job.dataset, validation=job.dataset))
    curve = trainer.advance(EVERYTHING).curve
    assert curve["train_loss"][1:].tolist() == curve["validation_loss"][:-1].tolist()
    assert curve["r2"][1:].tolist() == curve["validation_r2"][:-1].tolist()


def test_shuffling_changes_the_order_every_epoch_and_the_sum_of_a_full_batch_only_by_rounding() -> None:
    plain = regression(model(3, 1), epochs=3)
    shuffled = regression(model(3, 1), epochs=3, shuffle=True)
    first, second = (train(Job(spec, waves_of_one_output())) for spec in (plain, shuffled))
    assert first[0].parameters() == pytest.approx(second[0].parameters(), rel=1e-12)
    stochastic = [
        train(Job(regression(model(3, 1), epochs=3, shuffle=shuffle, batch_size=1), waves_of_one_output()))[0]
        for shuffle in (False, True)
    ]
    assert stochastic[0].parameters() != pytest.approx(stochastic[1].parameters(), rel=1e-6)


def waves_of_one_output() -> Dataset:
    both = waves(9)
    return Dataset(both.inputs, np.ascontiguousarray(both.targets[:, :1]))


def test_adams_steps_are_counted_over_the_whole_training() -> None:
    """One weight, one bias, one sample, so that every gradient is at hand."""
    dataset = Dataset(np.array([[0.5]]), np.array([[2.0]]))
    spec = regression(model(1), epochs=4, optimizer=Adam(), learning_rate=0.1)
    trainer, _ = train(Job(spec, dataset))
    rule = rule_of(Adam())
    parameters: Any = initial_parameters(spec, Layout((1, 1)))
    memory: Any = (np.zeros(2), np.zeros(2))
    for step in (1, 2, 3, 4):
        slope = 2.0 * (parameters[1] + 0.5 * parameters[0] - 2.0)
        gradients = np.array([0.5 * slope, slope])
        parameters, memory = rule.update(parameters, gradients, memory, rule.scalars(0.1, step), np.sqrt)
    assert trainer.parameters().tolist() == pytest.approx(parameters.tolist(), rel=1e-14)


def test_a_call_does_about_the_work_it_is_given_and_at_least_one_sample() -> None:
    job = JOBS["tutorial"]
    sample, step = 3 * 21, 28
    trainer = ReferenceTrainer(job.spec, job.prepared)
    assert (
        trainer.advance(3 * sample + step).epoch == 0
    )  # all samples and the step, but not yet the epoch's end
    assert trainer.advance(1).epoch == 1
    assert len(run(ReferenceTrainer(job.spec, job.prepared), 0)) == 50 * 4 + 1


def test_after_the_end_a_call_adds_nothing_and_repeats_the_reason() -> None:
    trainer, progress = train(JOBS["tutorial"])
    assert progress.stop_reason == "max_epochs"
    again = trainer.advance(EVERYTHING)
    assert again.stop_reason == "max_epochs"
    assert again.epoch == 50
    assert all(column.size == 0 for column in again.curve.values())


def test_before_the_first_epoch_the_parameters_are_the_initial_ones() -> None:
    trainer = ReferenceTrainer(JOBS["tutorial"].spec, JOBS["tutorial"].prepared)
    before = trainer.parameters()
    trainer.advance(1)
    assert trainer.kept_epoch == 0
    assert trainer.parameters().tolist() == before.tolist()
    trainer.parameters()[:] = 0.0
    assert trainer.parameters().tolist() == before.tolist()


def test_early_stopping_restores_the_best_epochs_parameters() -> None:
    job = JOBS["split and early stop"]
    trainer, progress = train(job)
    assert progress.stop_reason == "early_stopping"
    losses = progress.curve["validation_loss"]
    assert progress.best_epoch == trainer.kept_epoch == int(losses.argmin()) + 1
    assert progress.best_epoch < progress.epoch
    until_best = ReferenceTrainer(job.spec, job.prepared)
    while until_best.kept_epoch < progress.best_epoch:
        until_best.advance(1)
    assert until_best.parameters().tolist() == trainer.parameters().tolist()


def test_memory_does_not_grow_with_the_samples() -> None:
    """One sample's graph at a time, freed without the garbage collector.

    In a process of its own: threads that other tests leave behind allocate memory, too.
    """
    command = [sys.executable, "-m", "tests.nn.peak_memory", "10", "10", "400"]
    _, few, many = map(int, subprocess.check_output(command, text=True).split())

    assert many < 1.2 * few


class TestDivergence:
    spec = regression(
        model(3, 1), epochs=200, learning_rate=3.0, early_stopping=EarlyStopping("train_loss", 500, 0.0, True)
    )
    job = Job(spec, JOBS["tutorial"].dataset)

    def diverged(self) -> tuple[ReferenceTrainer, Diverged]:
        trainer = ReferenceTrainer(self.spec, self.job.prepared)
        with pytest.raises(Diverged) as raised:
            trainer.advance(EVERYTHING)
        return trainer, raised.value

    def test_the_curve_ends_before_the_epoch_that_was_not_finite(self) -> None:
        _, error = self.diverged()
        assert error.epoch == error.progress.epoch + 1
        assert error.progress.epoch > 0
        for column in error.progress.curve.values():
            assert len(column) == error.progress.epoch
            assert np.isfinite(column).all()
        assert error.progress.stop_reason is None

    def test_the_parameters_are_those_of_the_last_finite_epoch(self) -> None:
        trainer, error = self.diverged()
        shorter = Job(
            regression(model(3, 1), epochs=error.progress.epoch, learning_rate=3.0), self.job.dataset
        )
        assert trainer.parameters().tolist() == train(shorter)[0].parameters().tolist()
        assert trainer.kept_epoch == error.progress.epoch

    def test_a_last_step_that_overflows_the_parameters_alone_is_noticed(self) -> None:
        """The loss of an epoch is seen before its step and is still finite."""
        spec = regression(model(3, 1), epochs=1, learning_rate=1e308, reduction="sum", seed=1)
        trainer = ReferenceTrainer(spec, self.job.prepared)
        initial = trainer.parameters()
        with pytest.raises(Diverged) as raised:
            trainer.advance(EVERYTHING)
        assert raised.value.epoch == 1
        assert trainer.parameters().tolist() == initial.tolist()

    def test_it_stays_diverged_when_called_again_or_gone_on_with(self) -> None:
        trainer, error = self.diverged()
        for again in (trainer, ReferenceTrainer(self.spec, self.job.prepared, trainer.checkpoint())):
            with pytest.raises(Diverged) as raised:
                again.advance(EVERYTHING)
            assert raised.value.epoch == error.epoch
            assert raised.value.progress.curve["train_loss"].size == 0
            assert again.parameters().tolist() == trainer.parameters().tolist()
