"""Optimizers give the steps that Keras's and PyTorch's published updates give."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nn.optimizers import rule_of
from nn.spec import Adagrad, Adam, Optimizer, RmsProp, Sgd

ALL: dict[str, Optimizer] = {
    "sgd": Sgd(),
    "momentum": Sgd(momentum=0.9),
    "nesterov": Sgd(momentum=0.9, nesterov=True),
    "adam": Adam(),
    "rmsprop": RmsProp(),
    "rmsprop with momentum": RmsProp(momentum=0.5),
    "adagrad": Adagrad(),
}


def steps(
    optimizer: Optimizer, parameter: float, gradients: list[float], learning_rate: float
) -> list[float]:
    """Return the parameter after each step, by floats."""
    rule = rule_of(optimizer)
    state = rule.initial
    path = []
    for number, gradient in enumerate(gradients, start=1):
        scalars = rule.scalars(learning_rate, number)
        parameter, state = rule.update(parameter, gradient, state, scalars, math.sqrt)
        path.append(parameter)
    return path


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (Sgd(), [0.5, -1.0, -0.5, 3.0]),
        (Adam(), [0.5, 1.5, 2.5, 3.5]),
        (RmsProp(), [-0.5811, 0.4189, 1.4189, 2.4189]),
        (Adagrad(), [0.5233, 1.5007, 2.5005, 3.5061]),
    ],
)
def test_one_step_is_the_one_in_kerass_own_tests(optimizer: Optimizer, expected: list[float]) -> None:
    """The numbers of `test_single_step` in keras/src/optimizers/*_test.py."""
    after = [
        steps(optimizer, parameter, [gradient], 0.5)[0]
        for parameter, gradient in zip([1.0, 2.0, 3.0, 4.0], [1.0, 6.0, 7.0, 2.0], strict=True)
    ]
    assert after == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("gradient", "expected"),
    [(0.1, [0.9963, 0.9604, 0.9251, 0.8903]), (1.0, [0.9963, 0.8209, 0.6891, 0.579])],
)
def test_adagrad_goes_the_way_in_kerass_own_tests(gradient: float, expected: list[float]) -> None:
    optimizer = Adagrad(initial_accumulator_value=0.3, epsilon=1e-6)
    assert steps(optimizer, 1.0, [0.01, gradient, gradient, gradient], 0.2) == pytest.approx(
        expected, abs=1e-4
    )


GRADIENTS = [0.3, -1.25, 2.0, 0.001, -0.7]


def test_momentum_is_pytorchs() -> None:
    """torch.optim.SGD: b = mu b + g; p = p - lr b, or with nesterov p - lr (g + mu b)."""
    for nesterov in (False, True):
        parameter, buffer, expected = 1.0, 0.0, []
        for gradient in GRADIENTS:
            buffer = 0.9 * buffer + gradient
            parameter -= 0.1 * (gradient + 0.9 * buffer if nesterov else buffer)
            expected.append(parameter)
        assert steps(Sgd(0.9, nesterov), 1.0, GRADIENTS, 0.1) == pytest.approx(expected, rel=1e-12)


def test_adam_is_pytorchs_but_for_where_epsilon_is_added() -> None:
    """torch.optim.Adam: p = p - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)."""
    parameter, mean, square, expected = 1.0, 0.0, 0.0, []
    for step, gradient in enumerate(GRADIENTS, start=1):
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        parameter -= 0.1 * (mean / (1 - 0.9**step)) / math.sqrt(square / (1 - 0.999**step))
        expected.append(parameter)
    assert steps(Adam(epsilon=0.0), 1.0, GRADIENTS, 0.1) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_rmsprop_is_pytorchs_but_for_where_epsilon_is_added(momentum: float) -> None:
    """torch.optim.RMSprop: v = a v + (1 - a) g^2; b = mu b + g / (sqrt(v) + eps); p = p - lr b."""
    parameter, square, buffer, expected = 1.0, 0.0, 0.0, []
    for gradient in GRADIENTS:
        square = 0.9 * square + 0.1 * gradient**2
        buffer = momentum * buffer + gradient / math.sqrt(square)
        parameter -= 0.1 * buffer
        expected.append(parameter)
    assert steps(RmsProp(0.9, momentum, 0.0), 1.0, GRADIENTS, 0.1) == pytest.approx(expected, rel=1e-12)


def test_adagrad_is_pytorchs_but_for_where_epsilon_is_added() -> None:
    """torch.optim.Adagrad: s = s + g^2; p = p - lr g / (sqrt(s) + eps)."""
    parameter, total, expected = 1.0, 0.1, []
    for gradient in GRADIENTS:
        total += gradient**2
        parameter -= 0.1 * gradient / math.sqrt(total)
        expected.append(parameter)
    assert steps(Adagrad(epsilon=0.0), 1.0, GRADIENTS, 0.1) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_a_rule_gives_arrays_the_bits_it_gives_floats(name: str) -> None:
    rule = rule_of(ALL[name])
    parameters: Any = np.array([0.5, -2.0, 1e-9, 3e8])
    gradients = np.array([0.1, 7.0, -1e-12, 2.5])
    state: tuple[Any, ...] = tuple(np.full(4, value) for value in rule.initial)
    floats = [(number, rule.initial) for number in parameters.tolist()]
    for step in (1, 2, 3):
        scalars = rule.scalars(0.05, step)
        parameters, state = rule.update(parameters, gradients, state, scalars, np.sqrt)
        floats = [
            rule.update(number, gradient, memory, scalars, math.sqrt)
            for (number, memory), gradient in zip(floats, gradients.tolist(), strict=True)
        ]
    assert parameters.tolist() == [number for number, _ in floats]
    assert [array.tolist() for array in state] == [
        list(column) for column in zip(*(memory for _, memory in floats), strict=True)
    ]


def test_a_momentum_of_zero_is_plain_descent_nesterov_or_not() -> None:
    assert steps(Sgd(nesterov=True), 1.0, GRADIENTS, 0.1) == steps(Sgd(), 1.0, GRADIENTS, 0.1)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("parameter", [math.inf, -math.inf, math.nan])
def test_a_parameter_that_is_not_finite_stays_so(name: str, parameter: float) -> None:
    gradients = [0.0, 1.0, -1e300, 5e-324, math.inf, -math.inf, math.nan, 3.0]
    for start in range(len(gradients)):
        path = steps(ALL[name], parameter, gradients[start:] + gradients[:start], 0.5)
        assert not any(map(math.isfinite, path))
