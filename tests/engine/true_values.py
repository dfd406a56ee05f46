"""The elementary functions as mpmath knows them, and how far a double is from what it should be."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from random import Random

import mpmath

from engine import elementary
from engine.elementary.circular import LARGEST_ANGLE

#: Digits carried: the true value's own error is far below a thousandth of a unit in the last place.
DIGITS = 40

TRUE: dict[Callable[[float], float], Callable[[mpmath.mpf], mpmath.mpf]] = {
    elementary.exp: mpmath.exp,
    elementary.log: mpmath.log,
    elementary.tanh: mpmath.tanh,
    elementary.sigmoid: lambda x: 1 / (1 + mpmath.exp(-x)),
    elementary.sin: mpmath.sin,
    elementary.cos: mpmath.cos,
}

#: Where each function is worth looking at: all over, around 0 or 1, where results are subnormal or saturate,
#: and where its error was found to be largest.
RANGES: dict[Callable[[float], float], tuple[tuple[float, float], ...]] = {
    elementary.exp: ((-746.0, 710.0), (-1.0, 1.0), (-1e-9, 1e-9), (-746.0, -708.0)),
    elementary.log: ((0.0, 1e308), (0.5, 2.0), (0.99, 1.01), (0.0, 1e-307), (0.68, 0.73)),
    elementary.tanh: ((-20.0, 20.0), (-1.0, 1.0), (-1e-9, 1e-9), (0.12, 0.18), (16.0, 20.0)),
    elementary.sigmoid: ((-746.0, 40.0), (-2.0, 2.0), (-1e-9, 1e-9), (-746.0, -708.0), (16.0, 40.0)),
    elementary.sin: ((-LARGEST_ANGLE, LARGEST_ANGLE), (-7.0, 7.0), (-1e-9, 1e-9), (0.7, 0.9)),
    elementary.cos: ((-LARGEST_ANGLE, LARGEST_ANGLE), (-7.0, 7.0), (-1e-9, 1e-9), (0.7, 0.9)),
}

#: Where something changes: the smallest doubles, thresholds in the code, the ends of the ranges of results.
_MARKS = (
    0.0, 5e-324, 2.0**-1022, 1e-300, 2.0**-54, 2.0**-27, 0.1, math.log(2) / 2, math.sqrt(0.5), 0.5, 1.0,
    math.log(2), math.sqrt(2), math.pi / 2, math.pi, 18.7149738751, 22.0, 36.7368, 44.0, 708.3964,
    709.782712893384, 745.13321910194, LARGEST_ANGLE, 2.0**52, 2.0**53, 1e300, sys.float_info.max, math.inf,
)  # fmt: skip


def has_value(function: Callable[[float], float], x: float) -> bool:
    """Tell whether `function` promises a finite x a value."""
    if function is elementary.log:
        return 0.0 < x < math.inf
    if function in (elementary.sin, elementary.cos):
        return abs(x) <= LARGEST_ANGLE
    return math.isfinite(x)


def edges() -> Iterator[float]:
    """Yield the doubles where something changes, those next to them, and all their negatives."""
    for mark in _MARKS:
        for x in (mark, math.nextafter(mark, math.inf), math.nextafter(mark, 0.0)):
            yield x
            yield -x


def random_doubles(count: int, draw: Random) -> Iterator[float]:
    """Yield doubles of every size alike, of both signs."""
    for _ in range(count):
        yield math.ldexp(draw.uniform(-1.0, 1.0), draw.randint(-1073, 1024))


def error_in_ulps(result: float, true: mpmath.mpf) -> float:
    """Return the distance of `result` from the true value, in units of the last place of the true value."""
    if math.isinf(result):
        # Rounding to infinity is right from half a unit beyond the largest double on.
        return 0.0 if abs(true) >= mpmath.mpf(2) ** 1024 * (1 - mpmath.mpf(2) ** -54) else math.inf
    nearest = float(true) if abs(true) < sys.float_info.max else sys.float_info.max
    below = nearest if abs(nearest) <= abs(true) else math.nextafter(nearest, 0.0)
    return float(abs(mpmath.mpf(result) - true) / mpmath.mpf(math.ulp(below)))
