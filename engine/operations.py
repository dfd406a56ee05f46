"""The operations: a closed set, one row each, from which everything else in the engine follows.

A row says how an operation is spelled, its value and its gradient. `Value` evaluates the rows one node at
a time; the compiler runs recorded graphs of the same rows over many samples at once. Both call, or
compile, the functions found here, so that an operation has one definition and cannot be half added.

The functions take and return floats. They use `+ - * /`, comparisons, conditional expressions and
`engine.elementary`, nothing else, so that Numba compiles the very same source into straight-line code:

- `value(*operands)`, or `value(operand, constant)` for a row that takes a constant;
- `gradient(*operands, result, grad)`, or `gradient(operand, constant, result, grad)`, where `result` is the
  value and `grad` the gradient of the loss with respect to it. It returns the share of each operand: a
  float for one operand, a tuple for two.

Where a gradient is zero whatever `grad` is (a relu that is off), it is chosen, not multiplied by 0, because
`0 * inf` is not a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import elementary

if TYPE_CHECKING:
    from collections.abc import Callable

#: How much of a negative number `leaky_relu` lets through unless told. PyTorch's default.
LEAKY_SLOPE = 0.01


@dataclass(frozen=True, slots=True)
class Operation:
    """One row: `spelling` is how it is written with `Value`s `a` and `b` and a number `c`."""

    name: str
    spelling: str
    operands: int
    value: Callable[..., float]
    gradient: Callable[..., float | tuple[float, float]]
    takes_constant: bool = False


def _add(a: float, b: float) -> float:
    return a + b


def _add_gradient(a: float, b: float, result: float, grad: float) -> tuple[float, float]:
    return grad, grad


def _multiply(a: float, b: float) -> float:
    return a * b


def _multiply_gradient(a: float, b: float, result: float, grad: float) -> tuple[float, float]:
    return b * grad, a * grad


def _maximum(a: float, b: float) -> float:
    return a if a >= b else b


def _maximum_gradient(a: float, b: float, result: float, grad: float) -> tuple[float, float]:
    return (grad if a >= b else 0.0), (0.0 if a >= b else grad)


def _minimum(a: float, b: float) -> float:
    return a if a <= b else b


def _minimum_gradient(a: float, b: float, result: float, grad: float) -> tuple[float, float]:
    return (grad if a <= b else 0.0), (0.0 if a <= b else grad)


def _power_gradient(a: float, exponent: float, result: float, grad: float) -> float:
    return exponent * elementary.power(a, exponent - 1.0) * grad


def _relu(a: float) -> float:
    return 0.0 if a < 0.0 else a


def _relu_gradient(a: float, result: float, grad: float) -> float:
    return grad if result > 0.0 else 0.0


def _leaky_relu(a: float, slope: float) -> float:
    return slope * a if a < 0.0 else a


def _leaky_relu_gradient(a: float, slope: float, result: float, grad: float) -> float:
    return grad if a > 0.0 else slope * grad


def _absolute(a: float) -> float:
    return -a if a < 0.0 else a


def _absolute_gradient(a: float, result: float, grad: float) -> float:
    return grad if a > 0.0 else (-grad if a < 0.0 else 0.0)


def _exp_gradient(a: float, result: float, grad: float) -> float:
    return result * grad


def _log_gradient(a: float, result: float, grad: float) -> float:
    return elementary.reciprocal(a) * grad


def _tanh_gradient(a: float, result: float, grad: float) -> float:
    return (1.0 - result * result) * grad


def _sigmoid_gradient(a: float, result: float, grad: float) -> float:
    return (result * (1.0 - result)) * grad


def _detach(a: float) -> float:
    return a


def _detach_gradient(a: float, result: float, grad: float) -> float:
    return 0.0


ADD = Operation("add", "a + b", 2, _add, _add_gradient)
MULTIPLY = Operation("multiply", "a * b", 2, _multiply, _multiply_gradient)
MAXIMUM = Operation("maximum", "a.maximum(b)", 2, _maximum, _maximum_gradient)
MINIMUM = Operation("minimum", "a.minimum(b)", 2, _minimum, _minimum_gradient)
POWER = Operation("power", "a ** c", 1, elementary.power, _power_gradient, takes_constant=True)
RELU = Operation("relu", "a.relu()", 1, _relu, _relu_gradient)
LEAKY_RELU = Operation("leaky_relu", "a.leaky_relu(c)", 1, _leaky_relu, _leaky_relu_gradient, takes_constant=True)
ABSOLUTE = Operation("abs", "a.abs()", 1, _absolute, _absolute_gradient)
EXP = Operation("exp", "a.exp()", 1, elementary.exp, _exp_gradient)
LOG = Operation("log", "a.log()", 1, elementary.log, _log_gradient)
TANH = Operation("tanh", "a.tanh()", 1, elementary.tanh, _tanh_gradient)
SIGMOID = Operation("sigmoid", "a.sigmoid()", 1, elementary.sigmoid, _sigmoid_gradient)
DETACH = Operation("detach", "a.detach()", 1, _detach, _detach_gradient)

#: Every operation there is.
OPERATIONS = (
    ADD, MULTIPLY, MAXIMUM, MINIMUM, POWER, RELU, LEAKY_RELU, ABSOLUTE, EXP, LOG, TANH, SIGMOID, DETACH,
)  # fmt: skip
