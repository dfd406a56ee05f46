"""What micrograd's own tests show of its `Value` holds of ours: programs like theirs give the right numbers.

micrograd compares with PyTorch. Here every number is carried along as an exact fraction with its exact
derivatives (dual numbers), which needs no second engine and no tolerance for its answers. `benchmarks/` sets
the two engines side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest

from engine import Value


@dataclass(frozen=True)
class Exact:
    """A fraction and its derivatives with respect to the program's inputs."""

    number: Fraction
    slopes: tuple[Fraction, ...]

    def _other(self, other):
        return (
            other if isinstance(other, Exact) else Exact(Fraction(other), (Fraction(0),) * len(self.slopes))
        )

    def __add__(self, other):
        other = self._other(other)
        return Exact(
            self.number + other.number, tuple(p + q for p, q in zip(self.slopes, other.slopes, strict=True))
        )

    def __mul__(self, other):
        other = self._other(other)
        pairs = zip(self.slopes, other.slopes, strict=True)
        return Exact(self.number * other.number, tuple(p * other.number + self.number * q for p, q in pairs))

    def __pow__(self, exponent):
        slope = exponent * self.number ** (exponent - 1)
        return Exact(self.number**exponent, tuple(slope * p for p in self.slopes))

    def relu(self):
        return self if self.number > 0 else self * 0

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __truediv__(self, other):
        return self * self._other(other) ** -1

    def __rtruediv__(self, other):
        return self**-1 * other


def reused_and_rectified(x):
    doubled = 2 * x + x + 2
    gated = doubled.relu() + doubled * x
    squared = (doubled * doubled).relu()
    return squared + gated + gated * x


def every_operator(a, b):
    total = a + b
    mixed = a * b + b**3
    total += total + 1
    total += 1 + total + (-a)
    mixed += mixed * 2 + (b + a).relu()
    mixed += 3 * mixed + (b - a).relu()
    difference = total - mixed
    square = difference**2
    return square / 2.0 + 10.0 / square


def deep_reuse(a, b):
    for _ in range(6):
        a, b = (a * b).relu() + a / 4, b - a * 0.125
    return a**2 + b**-1


@pytest.mark.parametrize(
    ("program", "inputs"),
    [
        (reused_and_rectified, [-4.0]),
        (reused_and_rectified, [1.5]),
        (every_operator, [-4.0, 2.0]),
        (every_operator, [0.5, -1.25]),
        (deep_reuse, [0.75, 1.5]),
        (deep_reuse, [-0.5, 3.0]),
    ],
)
def test_values_and_gradients_agree_with_exact_arithmetic(program, inputs):
    values = [Value(number) for number in inputs]
    duals = [
        Exact(Fraction(number), tuple(Fraction(i == k) for i in range(len(inputs))))
        for k, number in enumerate(inputs)
    ]

    result, exact = program(*values), program(*duals)
    result.backward()

    assert result.data == pytest.approx(float(exact.number), rel=1e-13)
    assert [value.grad for value in values] == pytest.approx(
        [float(slope) for slope in exact.slopes], rel=1e-12
    )
    assert result.grad == 1


def test_a_program_whose_numbers_are_small_and_whole_is_exact():
    x = Value(-4.0)
    y = reused_and_rectified(x)

    y.backward()

    assert (y.data, x.grad) == (-20.0, 46.0)
