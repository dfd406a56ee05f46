"""Activation functions: what a neuron's sum goes through. One table, from name to function over `Value`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from nn.spec import Activation


def linear(x: Value) -> Value:
    """Return `x` itself."""
    return x


#: The formulas and their gradients are the engine's: one row each in its table of operations.
#: `leaky_relu` lets 0.01 of a negative number through, PyTorch's default (Keras has 0.3).
ACTIVATIONS: dict[Activation, Callable[[Value], Value]] = {
    "linear": linear,
    "relu": Value.relu,
    "leaky_relu": Value.leaky_relu,
    "tanh": Value.tanh,
    "sigmoid": Value.sigmoid,
}

#: How a neuron prints its activation; the tutorial has the first two.
PRINTED: dict[Activation, str] = {
    "linear": "None",
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
}
