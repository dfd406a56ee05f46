"""The compiled trainer gives the reference's bits: weights, curves, checkpoints, whatever the training."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.compiled import layers, plan
from nn.compiled.arena import Arena
from nn.compiled.library import Library
from nn.data import Dataset
from nn.layout import Layout
from nn.preparation import prepare
from nn.training import Diverged
from tests.compiled.trainings import EVERYTHING, Training, finish, generated, run, streaming, trainings
from tests.nn.jobs import model, regression


@generated(150)
@given(trainings())
def test_any_training_ends_with_the_same_bits(training: Training) -> None:
    assert run(training, "compiled") == run(training, "reference")


@generated(10)
@given(trainings(rows=st.integers(120, 300), epochs=2))
def test_more_samples_than_go_through_the_layers_at_once_change_no_bit(training: Training) -> None:
    assert run(training, "compiled") == run(training, "reference")


@generated(150)
@given(trainings(), st.sampled_from([3, 128]), st.sampled_from([1, 500, EVERYTHING]))
def test_layers_that_stream_give_the_bits_of_those_that_stay(
    training: Training, chunk: int, work: int
) -> None:
    """A batch of a few samples already goes through them in chunks."""
    with streaming(), patch.object(plan, "MOST_SAMPLES", chunk):
        streamed = finish(training.start("compiled"), [], work)

    assert streamed == run(training, "reference")


@pytest.mark.parametrize("samples", [33, 64])
def test_vectors_along_samples_give_the_bits_of_those_along_neurons(samples: int) -> None:
    """Where samples are fewer; neither blocks of neurons nor vectors are whole."""
    random = np.random.default_rng(samples)
    spec = regression(model(65, 97, 2, activation="tanh"), epochs=2, learning_rate=0.01)
    dataset = Dataset(random.normal(size=(samples, 21)), random.normal(size=(samples, 2)))
    training = Training(spec, prepare(spec, dataset))
    with streaming():
        streamed = run(training, "compiled")

    assert streamed == run(training, "reference")


def test_large_layers_stream() -> None:
    """So that the test above is about something."""
    sizes = (64, layers.MOST_NEAR // 64 + 1, 1)
    layout = Layout(sizes)
    arena = Arena()
    planned = layers.plan_layers(arena, Library(arena), layout, ("relu", "linear"), 8, 8)

    assert [layer.streams for layer in planned] == [True, False]


@generated(60)
@given(trainings(), st.integers(1, 5000))
def test_short_calls_give_the_bits_of_a_long_one(training: Training, work: int) -> None:
    assert finish(training.start("compiled"), [], work) == run(training, "reference")


@generated(60)
@given(
    trainings(),
    st.lists(st.tuples(st.sampled_from(["reference", "compiled"]), st.integers(1, 20_000)), min_size=1),
)
def test_a_training_handed_from_trainer_to_trainer_ends_with_the_same_bits(
    training: Training, hands: list[tuple[str, int]]
) -> None:
    checkpoint, curves = None, []
    for trainer, work in hands:
        begun = training.start(trainer, checkpoint)
        try:
            curves.append(begun.advance(work).curve)
        except Diverged as diverged:
            curves.append(diverged.progress.curve)
        checkpoint = begun.checkpoint()
    assert finish(training.start("compiled", checkpoint), curves) == run(training, "reference")
