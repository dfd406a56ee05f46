"""Gradients of random programs agree with an independent route: differences of the same program in mpmath.

mpmath evaluates with its own functions and 50 digits, so that central differences are good to more digits
than a double has, and a wrong value or a wrong gradient has nowhere to hide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import Value

#: No number of a program may be larger: beyond, rounding errors alone would exceed the tolerance.
LARGEST = 1e3

#: How near a number may come to where a slope jumps, or a function has no value.
MARGIN = 1e-6

Instruction = tuple[str, int, int]


def safe(x: Any) -> Any:
    """Return something well above 0 that depends on `x`."""
    return x * x + 0.5


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / safe(b),
}
ON_VALUES: dict[str, Callable[[Any, Any], Any]] = {
    "maximum": Value.maximum,
    "minimum": Value.minimum,
    "relu": lambda a, _: a.relu(),
    "leaky_relu": lambda a, _: a.leaky_relu(0.2),
    "abs": lambda a, _: abs(a),
    "exp": lambda a, _: a.exp(),
    "log": lambda a, _: safe(a).log(),
    "tanh": lambda a, _: a.tanh(),
    "sigmoid": lambda a, _: a.sigmoid(),
    "square": lambda a, _: a**2,
    "cube": lambda a, _: a**3,
    "root": lambda a, _: safe(a) ** 0.5,
    "odd power": lambda a, _: safe(a) ** -1.7,
}
IN_MPMATH: dict[str, Callable[[Any, Any], Any]] = {
    "maximum": max,
    "minimum": min,
    "relu": lambda a, _: max(a, mpmath.mpf(0)),
    "leaky_relu": lambda a, _: a if a > 0 else mpmath.mpf(0.2) * a,
    "abs": lambda a, _: abs(a),
    "exp": lambda a, _: mpmath.exp(a),
    "log": lambda a, _: mpmath.log(safe(a)),
    "tanh": lambda a, _: mpmath.tanh(a),
    "sigmoid": lambda a, _: 1 / (1 + mpmath.exp(-a)),
    "square": lambda a, _: a**2,
    "cube": lambda a, _: a**3,
    "root": lambda a, _: mpmath.sqrt(safe(a)),
    "odd power": lambda a, _: safe(a) ** mpmath.mpf(-1.7),
}
JUMPS_AT_ZERO = {"relu", "leaky_relu", "abs"}
JUMPS_AT_EQUALS = {"maximum", "minimum"}


def run(program: Sequence[Instruction], inputs: Sequence[Any], functions: dict[str, Any]) -> list[Any]:
    """Return every number of the program: its inputs, then the result of each instruction."""
    numbers = list(inputs)
    for name, i, k in program:
        numbers.append(functions[name](numbers[i % len(numbers)], numbers[k % len(numbers)]))
    return numbers


def is_smooth(program: Sequence[Instruction], numbers: Sequence[Any], inputs: int) -> bool:
    """Tell whether every number stays small and away from jumps."""
    if any(not -LARGEST < number < LARGEST for number in numbers):
        return False
    for step, (name, i, k) in enumerate(program):
        known = inputs + step
        a, b = numbers[i % known], numbers[k % known]
        if (name in JUMPS_AT_ZERO and abs(a) < MARGIN) or (name in JUMPS_AT_EQUALS and abs(a - b) < MARGIN):
            return False
    return True


def slopes(function: Callable[[list[Any]], Any], inputs: Sequence[float]) -> list[float]:
    """Return the central differences of `function`, with errors near 1e-20."""
    step = mpmath.mpf(10) ** -12
    found = []
    for index in range(len(inputs)):
        above, below = [mpmath.mpf(x) for x in inputs], [mpmath.mpf(x) for x in inputs]
        above[index] += step
        below[index] -= step
        found.append(float((function(above) - function(below)) / (2 * step)))
    return found


instructions = st.tuples(st.sampled_from(sorted(BINARY | ON_VALUES)), st.integers(0, 30), st.integers(0, 30))


@settings(deadline=None)
@given(
    inputs=st.lists(st.floats(-2, 2), min_size=1, max_size=4),
    program=st.lists(instructions, min_size=1, max_size=12),
)
def test_gradients_of_random_programs_are_their_slopes(inputs, program):
    with mpmath.workdps(50):
        exact = run(program, [mpmath.mpf(x) for x in inputs], BINARY | IN_MPMATH)
        assume(is_smooth(program, exact, len(inputs)))
        expected = slopes(lambda changed: run(program, changed, BINARY | IN_MPMATH)[-1], inputs)
        assume(all(abs(slope) < LARGEST for slope in expected))

    values = [Value(x) for x in inputs]
    numbers = run(program, values, BINARY | ON_VALUES)
    numbers[-1].backward()

    assert [number.data for number in numbers] == pytest.approx([float(x) for x in exact], rel=1e-9, abs=1e-9)
    assert [value.grad for value in values] == pytest.approx(expected, rel=1e-7, abs=1e-7)
