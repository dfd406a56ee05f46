"""The natural logarithm."""

from __future__ import annotations

from engine.elementary.doubles import significand_and_exponent
from engine.elementary.exponential import LN2_HIGH, LN2_LOW

_INFINITY = float("inf")
_NAN = float("nan")
_SQRT_2 = 1.4142135623730951
_SMALLEST_NORMAL = 2.0**-1022
_TWO_TO_54 = 2.0**54


def log(x: float) -> float:
    """Return the natural logarithm; of 0 it is minus infinity, below 0 it is not a number.

    With x = 2**k * (1 + f), 1 + f between sqrt(1/2) and sqrt(2), and s = f / (2 + f),

        log(1 + f) = 2 atanh(s) = f - f**2/2 + s * (f**2/2 + 2/3 s**2 + 2/5 s**4 + ...),

    which starts with the exact f. The series is its Chebyshev fit; the tests compute it again with mpmath.
    """
    if x <= 0.0:
        return -_INFINITY if x == 0.0 else _NAN
    if x != x or x == _INFINITY:
        return x
    k = 0.0
    if x < _SMALLEST_NORMAL:
        x = x * _TWO_TO_54
        k = -54.0
    significand, exponent = significand_and_exponent(x)
    k = k + exponent
    if significand > _SQRT_2:
        significand = significand * 0.5
        k = k + 1.0
    f = significand - 1.0
    s = f / (significand + 1.0)
    z = s * s
    half_square = 0.5 * f * f
    series = 0.13268485680654427 + z * 0.13089629160674623
    series = 0.18181795442371984 + z * (0.1538625044794019 + z * series)
    series = 0.2857142857079543 + z * (0.2222222239356661 + z * series)
    series = z * (0.6666666666666666 + z * (0.4000000000000089 + z * series))
    return k * LN2_HIGH - ((half_square - (s * (half_square + series) + k * LN2_LOW)) - f)
