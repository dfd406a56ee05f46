"""The operations: a closed set, one row each, from which everything else in the engine follows.

A row says how an operation is written, its value and its gradient. `Value` evaluates the rows node by node;
the compiler runs recorded graphs of the same rows over many samples at once. Both use the functions found
here, so an operation has one definition and cannot be half added.

The functions take and return floats. They use `+ - * /`, comparisons, conditional expressions and
`engine.elementary`, nothing else, so that Numba compiles the very same source (after `import engine.native`)
into code without jumps:

- `value(a)`, `value(a, b)` for two operands, `value(a, constant)` for a row that takes a constant;
- `gradient(a, result, grad)`, `gradient(a, b, result, grad)`, `gradient(a, constant, result, grad)`: from the
  operands, the value and the gradient with respect to the value, the share of the operand. With two
  operands it is a tuple, one share for each.

A share that is zero whatever `grad` is (that of a relu which is off) is chosen, never `0 * grad`: a gradient
may be infinite, and `0 * inf` is not a number. Products are written from the left in the order in which they
are to be rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine import elementary

if TYPE_CHECKING:
    from collections.abc import Callable

#: How much of a negative number `leaky_relu` lets through unless told. PyTorch's default; Keras has 0.3.
LEAKY_SLOPE = 0.01


@dataclass(frozen=True, slots=True)
class Operation:
    """One row. `spelling` is Python, with `Value`s a and b and a number c.

    A gradient that follows `from_value` does not look at the operand, which then need not be kept for it. One
    that `chooses` is `grad`, `-grad` or zero, and so zero if `grad` is.
    """

    name: str
    spelling: str
    operands: int
    takes_constant: bool
    value: Callable[..., float]
    gradient: Callable[..., Any]
    from_value: bool = False
    chooses: bool = False


def _add(a: float, b: float) -> float:
    return a + b


def _add_gradient(a: float, b: float, result: float, grad: float) -> tuple[float, float]:
    return grad, grad


def _multiply(a: float, b: float) -> float:
    return a * b


def _multiply_gradient(a: float, b: float, result: float, grad: float) -> tuple[float, float]:
    return b * grad, a * grad


# What is not a number stays so, whichever operand it is.
def _maximum(a: float, b: float) -> float:
    return a if a >= b or a != a else b


def _maximum_gradient(a: float, b: float, result: float, grad: float) -> tuple[float, float]:
    first = a >= b or a != a
    return grad if first else 0.0, 0.0 if first else grad


def _minimum(a: float, b: float) -> float:
    return a if a <= b or a != a else b


def _minimum_gradient(a: float, b: float, result: float, grad: float) -> tuple[float, float]:
    first = a <= b or a != a
    return grad if first else 0.0, 0.0 if first else grad


def _power_gradient(a: float, exponent: float, result: float, grad: float) -> float:
    return exponent * elementary.power(a, exponent - 1.0) * grad if exponent != 0.0 else 0.0


def _relu(a: float) -> float:
    return 0.0 if a < 0.0 else a


def _relu_gradient(a: float, result: float, grad: float) -> float:
    return grad if result > 0.0 else 0.0


def _leaky_relu(a: float, slope: float) -> float:
    return slope * a if a < 0.0 else a


def _leaky_relu_gradient(a: float, slope: float, result: float, grad: float) -> float:
    return grad if a > 0.0 else slope * grad


def _abs(a: float) -> float:
    return abs(a)


def _abs_gradient(a: float, result: float, grad: float) -> float:
    return grad if a > 0.0 else (-grad if a < 0.0 else 0.0)


def _exp_gradient(a: float, result: float, grad: float) -> float:
    return result * grad


def _log_gradient(a: float, result: float, grad: float) -> float:
    return elementary.reciprocal(a) * grad


def _tanh_gradient(a: float, result: float, grad: float) -> float:
    return (1.0 - result * result) * grad


def _sigmoid_gradient(a: float, result: float, grad: float) -> float:
    return result * (1.0 - result) * grad


def _detach(a: float) -> float:
    return a


def _detach_gradient(a: float, result: float, grad: float) -> float:
    return 0.0


ADD = Operation("add", "a + b", 2, False, _add, _add_gradient)
MULTIPLY = Operation("multiply", "a * b", 2, False, _multiply, _multiply_gradient)
MAXIMUM = Operation("maximum", "a.maximum(b)", 2, False, _maximum, _maximum_gradient, chooses=True)
MINIMUM = Operation("minimum", "a.minimum(b)", 2, False, _minimum, _minimum_gradient, chooses=True)
POWER = Operation("power", "a ** c", 1, True, elementary.power, _power_gradient)
LEAKY_RELU = Operation("leaky_relu", "a.leaky_relu(c)", 1, True, _leaky_relu, _leaky_relu_gradient)
RELU = Operation("relu", "a.relu()", 1, False, _relu, _relu_gradient, from_value=True, chooses=True)
ABS = Operation("abs", "a.abs()", 1, False, _abs, _abs_gradient, chooses=True)
EXP = Operation("exp", "a.exp()", 1, False, elementary.exp, _exp_gradient, from_value=True)
LOG = Operation("log", "a.log()", 1, False, elementary.log, _log_gradient)
TANH = Operation("tanh", "a.tanh()", 1, False, elementary.tanh, _tanh_gradient, from_value=True)
SIGMOID = Operation(
    "sigmoid", "a.sigmoid()", 1, False, elementary.sigmoid, _sigmoid_gradient, from_value=True
)
DETACH = Operation("detach", "a.detach()", 1, False, _detach, _detach_gradient)

#: Every operation there is. `-a` is a * -1, `a - b` is a + (b * -1), `a / b` is a * b**-1.
OPERATIONS = (
    ADD, MULTIPLY, MAXIMUM, MINIMUM, POWER, LEAKY_RELU, RELU, ABS, EXP, LOG, TANH, SIGMOID, DETACH,
)  # fmt: skip
