"""Elementary functions of our own, so that no math library decides our bits."""

from __future__ import annotations

import math

_INFINITY = float("inf")
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_LOG2_E = 1.4426950408889634
_EXP_TERMS = tuple(1.0 / math.factorial(n) for n in range(13, -1, -1))


def reciprocal(x: float) -> float:
    """Return 1/x; that of a zero is an infinity of its sign."""
    return 1.0 / x if x != 0.0 else math.copysign(_INFINITY, x)


def sqrt(x: float) -> float:
    """Return the correctly rounded square root; that of a negative number is not a number."""
    return math.sqrt(x) if x >= 0.0 else float("nan")


def exp(x: float) -> float:
    """Return e to the x."""
    if x > 709.79:
        return _INFINITY
    if x < -746.0:
        return 0.0
    if x != x:
        return x
    count = round(x * _LOG2_E)
    rest = (x - count * _LN2_HIGH) - count * _LN2_LOW
    result = 0.0
    for term in _EXP_TERMS:
        result = result * rest + term
    return math.ldexp(result, count)


def log(x: float) -> float:
    """Return the natural logarithm."""
    if x == 0.0:
        return -_INFINITY
    if not 0.0 < x < _INFINITY:
        return x if x == _INFINITY else float("nan")
    mantissa, exponent = math.frexp(x)
    if mantissa < 0.7071067811865476:
        mantissa, exponent = mantissa * 2.0, exponent - 1
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square = ratio * ratio
    series = 0.0
    for n in range(25, 0, -2):
        series = series * square + 2.0 / n
    return exponent * _LN2_HIGH + (exponent * _LN2_LOW + series * ratio)


def sigmoid(x: float) -> float:
    """Return 1 / (1 + e to the -x)."""
    small = exp(-abs(x))
    return 1.0 / (1.0 + small) if x >= 0.0 else small / (1.0 + small)


def tanh(x: float) -> float:
    """Return the hyperbolic tangent."""
    small = exp(-2.0 * abs(x))
    return math.copysign((1.0 - small) / (1.0 + small), x)


def power(x: float, exponent: float) -> float:
    """Return x to the exponent.

    A whole exponent is done by repeated squaring, a negative one as the reciprocal of the positive power,
    0.5 is the square root and everything else exp(exponent * log(x)).
    """
    if exponent == 0.5:
        return sqrt(x)
    if exponent != int(exponent):
        return exp(exponent * log(x))
    result, factor, count = 1.0, x, int(abs(exponent))
    while count:
        if count & 1:
            result *= factor
        factor *= factor
        count >>= 1
    return result if exponent >= 0.0 else reciprocal(result)
