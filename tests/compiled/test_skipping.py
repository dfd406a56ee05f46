"""Layers that leave out zero terms give the reference's bits, and do so only where they may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.compiled import plan
from nn.compiled.trainer import CompiledTrainer
from nn.data import Dataset
from nn.layout import Layout
from nn.preparation import prepare
from nn.spec import Adam, RmsProp, Sgd
from nn.state import initial_state
from tests.compiled.trainings import (
    EVERYTHING,
    Training,
    finish,
    generated,
    run,
    streaming,
    wide_trainings,
)
from tests.nn.jobs import model, regression


@generated(4)
@given(wide_trainings())
def test_wide_layers_give_the_bits_of_the_reference(training: Training) -> None:
    assert run(training, "compiled") == run(training, "reference")


@generated(6)
@given(wide_trainings(), st.sampled_from([32, 128]))
def test_wide_layers_that_stream_give_the_bits_of_the_reference(training: Training, chunk: int) -> None:
    with streaming(), patch.object(plan, "MOST_SAMPLES", chunk):
        streamed = run(training, "compiled")
    assert streamed == run(training, "reference")


def wide(
    *, inputs: int = 40, zeros: float = 0.0, activation: str = "relu", samples: int = 48, **changes: Any
) -> Training:
    """Return a training of a network with two wide layers; of its inputs a share is zero."""
    random = np.random.default_rng(7)
    numbers = random.normal(size=(samples, inputs))
    numbers[random.random(numbers.shape) < zeros] = 0.0
    network = model(48, 40, 2, activation=activation, initializer="he")
    spec = regression(network, **{"epochs": 2, "learning_rate": 0.01, **changes})
    return Training(spec, prepare(spec, Dataset(numbers, random.normal(size=(samples, 2)))))


#: The parameters of that network.
LAYOUT = Layout((40, 48, 40, 2))


def checkpoint(training: Training, parameters: Any) -> bytes:
    """Return the state of a training that begins with these parameters."""
    return replace(initial_state(training.spec, LAYOUT), parameters=parameters).to_bytes()


def words(training: Training) -> Any:
    """Return what was noted of zeros in a training."""
    trainer = training.start("compiled")
    assert isinstance(trainer, CompiledTrainer)
    while trainer.advance(EVERYTHING).stop_reason is None:
        pass
    return trainer._plan.pieces["words"].array


@pytest.mark.parametrize(
    ("training", "skips"),
    [
        (wide(), True),
        (wide(activation="tanh", zeros=0.5), True),
        (wide(activation="tanh"), False),
        (wide(activation="tanh", zeros=0.1), False),
    ],
    ids=["relus", "zeros in the data", "no zeros", "few zeros"],
)
def test_zeros_are_skipped_where_there_are_many(training: Training, skips: bool) -> None:
    """So that the other tests are about something."""
    assert words(training).any() == skips
    assert run(training, "compiled") == run(training, "reference")


@pytest.mark.parametrize(
    ("optimizer", "penalty"),
    [(Sgd(), {"l1": 1e-3}), (RmsProp(), {"l2": 1e-3}), (Adam(), {})],
    ids=["no memory, l1", "one number, l2", "two numbers"],
)
def test_every_kind_of_update_by_strips_is_the_reference_s(optimizer: Any, penalty: Any) -> None:
    """In a batch that goes through the layers in two chunks."""
    training = wide(inputs=100, samples=64, optimizer=optimizer, **penalty)
    with streaming(), patch.object(plan, "MOST_SAMPLES", 32):
        trainer = training.start("compiled")
        streamed = finish(trainer, [])
    assert isinstance(trainer, CompiledTrainer)
    assert trainer._plan.pieces["strip"].array.any()
    assert streamed == run(training, "reference")


@pytest.mark.parametrize("batch", [None, 8])
def test_weights_that_become_infinite_end_as_the_reference_says(batch: int | None) -> None:
    """What is skipped then may be others' NaN; the epoch is taken back."""
    training = wide(batch_size=batch, learning_rate=1e200)
    with np.errstate(all="ignore"):
        expected = run(training, "reference")
    assert expected.diverged_in > 0
    assert run(training, "compiled") == expected


@pytest.mark.parametrize("layer", [0, 1], ids=["inputs", "activations"])
def test_samples_that_are_infinite_behind_silent_neurons_end_as_the_reference_says(layer: int) -> None:
    """Zero times infinity is not a number, and so is the gradient of a silent neuron's weights.

    Inputs are infinite where a column's mean was when it was standardised, activations where a sum overflows.
    """
    training = wide()
    inputs = np.abs(training.prepared.train_inputs)
    inputs[3] = np.inf if layer == 0 else 1e308
    parameters = np.ones(LAYOUT.count)
    parameters[LAYOUT.layers[layer].weights] = -1.0
    infinite = Training(training.spec, replace(training.prepared, train_inputs=inputs))
    begun = checkpoint(infinite, parameters)
    with np.errstate(all="ignore"):
        expected = finish(infinite.start("reference", begun), [])
    assert expected.diverged_in == 1
    assert finish(infinite.start("compiled", begun), []) == expected


def test_a_sum_that_begins_with_minus_zero_skips_nothing() -> None:
    """-0.0 + 0.0 is 0.0: with such a bias the zero terms count."""
    training = wide(inputs=40, zeros=1.0, activation="linear", learning_rate=0.0)
    parameters = np.ones(LAYOUT.count)
    parameters[LAYOUT.layers[0].biases] = -0.0
    trainer = CompiledTrainer(training.spec, training.prepared, checkpoint(training, parameters))
    trainer.advance(1)

    sums = trainer._plan.layers[0]["z"]
    z = np.ctypeslib.as_array((np.ctypeslib.ctypes.c_double * 48).from_address(int(sums)))
    assert z.tobytes() == np.zeros(48).tobytes()
    assert run(training, "reference") == run(training, "compiled")
