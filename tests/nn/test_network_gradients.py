"""The gradients of whole networks, for every activation and loss, agree with central differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from nn.losses import LOSSES
from nn.reference import flat_parameters, network_of
from nn.spec import Activation, Loss
from tests.nn.jobs import Spec, model, training

if TYPE_CHECKING:
    from engine import Value

INPUTS = [0.7, -1.3, 0.2]

#: Of the differences: their truncation and rounding errors are then about equally small.
STEP = 1e-6


def spec_of(activation: Activation, loss: Loss) -> Spec:
    row = LOSSES[loss]
    outputs = 1 if row.outputs == "one" else 3
    network = model(
        4, 3, outputs, activation=activation, output=row.output_activations[-1], initializer="xavier"
    )
    return Spec(row.problem, network, training(loss=loss, seed=3))


def targets_of(loss: Loss) -> list[float]:
    if LOSSES[loss].targets == "numbers":
        return [0.25, -0.4, 0.8]
    return [1.0, 0.0, 0.0] if LOSSES[loss].targets == "one_hot" else [1.0]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", get_args(Activation))
def test_every_parameters_gradient_is_the_slope_of_the_loss(activation: Activation, loss: Loss) -> None:
    spec: Any = spec_of(activation, loss)
    network = network_of(spec, len(INPUTS))
    values = flat_parameters(network)
    for number, value in enumerate(values):  # biases too, so that no relu sits at its corner
        value.data += 0.05 * (1 + number % 3)

    def sample_loss() -> Value:
        return LOSSES[loss].function(network.outputs(INPUTS), targets_of(loss))

    sample_loss().backward()
    for value in values:
        before = value.data
        value.data = before + STEP
        up = sample_loss().data
        value.data = before - STEP
        slope = (up - sample_loss().data) / (2 * STEP)
        value.data = before
        assert value.grad == pytest.approx(slope, rel=1e-5, abs=1e-8)
    assert any(value.grad for value in values)
