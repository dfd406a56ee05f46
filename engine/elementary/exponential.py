"""exp, tanh and sigmoid: three uses of one reduction.

Each starts from e**x = 2**k * (1 + r + more) with a whole k, |r| <= ln(2)/2 and a small `more`, so that
1 is still apart from the rest when a function needs to subtract it. The quotients of tanh and sigmoid
are then corrected by their remainder, computed exactly as Dekker's products are.
"""

from __future__ import annotations

from engine.elementary.doubles import ROUNDER, power_of_two, upper_half

_LOG2_E = 1.4426950408889634

#: ln(2) in two parts. The first has 32 bits, so that its product with a whole number below 2**21 is exact.
LN2_HIGH = float.fromhex("0x1.62e42feep-1")
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")

#: Beyond these, e**x is infinite, or rounds to 0, in doubles.
_OVERFLOWS = 710.0
_VANISHES = -746.0

#: Below this, tanh(-x/2) is 1 in doubles.
_SATURATES = -44.0


def _reduced(x: float) -> tuple[float, float, float]:
    """Return k, r, more such that e**x = 2**k * (1 + r + more).

    `series` is the Chebyshev fit of (e**r - 1 - r - r**2/2) / r**3 over |r| <= ln(2)/2; the tests compute it
    again with mpmath. What rounding took from r comes back in `more`.
    """
    k = (x * _LOG2_E + ROUNDER) - ROUNDER
    high = x - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    lost = (high - r) - low
    square = r * r
    series = 2.5100375924709717e-08 + r * 2.0911229795563617e-09
    series = 2.7557268480116333e-06 + r * (2.7557282983917557e-07 + r * series)
    series = 0.0001984126986304067 + r * (2.4801587317135252e-05 + r * series)
    series = 0.008333333333330065 + r * (0.0013888888888886554 + r * series)
    series = 0.16666666666666669 + r * (0.041666666666666664 + r * series)
    return k, r, (square * 0.5 + (lost + lost * r)) + square * (r * series)


def exp(x: float) -> float:
    """Return e**x."""
    if x != x:
        return x
    if x > _OVERFLOWS:
        x = _OVERFLOWS
    if x < _VANISHES:
        x = _VANISHES
    k, r, more = _reduced(x)
    # In two steps, since 2**k alone may not be a double although the result is.
    half = (k * 0.5 + ROUNDER) - ROUNDER
    return (1.0 + (r + more)) * power_of_two(half) * power_of_two(k - half)


def tanh(x: float) -> float:
    """Return the hyperbolic tangent: (1 - e) / (1 + e) with e = e**(-2|x|), and the sign of x."""
    if x != x or x == 0.0:
        return x
    negative = x + x
    if negative > 0.0:
        negative = -negative
    if negative < _SATURATES:
        negative = _SATURATES
    k, r, more = _reduced(negative)
    # e = whole + part, then 1 - e and 1 + e, each with what its rounding took.
    scale = power_of_two(k)
    r = scale * r
    whole = scale + r
    part = (r - (whole - scale)) + scale * more
    difference = 1.0 - whole
    rest = ((1.0 - difference) - whole) - part
    top = difference + rest
    top_rest = (difference - top) + rest
    bottom = 1.0 + whole
    bottom_rest = ((1.0 - bottom) + whole) + part
    quotient, correction = _quotient(top, top_rest, bottom, bottom_rest)
    result = quotient + correction
    return -result if x < 0.0 else result


def sigmoid(x: float) -> float:
    """Return 1 / (1 + e**-x): with e = e**-|x|, e / (1 + e) for a negative x and 1 minus that otherwise."""
    if x != x:
        return x
    negative = -x if x > 0.0 else x
    if negative < _VANISHES:
        negative = _VANISHES
    k, r, more = _reduced(negative)
    # e = 2**k * (top + top_rest). Its power of two joins last, so that nothing is lost when e is tiny.
    half = (k * 0.5 + ROUNDER) - ROUNDER
    scale, scale_too = power_of_two(half), power_of_two(k - half)
    whole = 1.0 + r
    rest = ((1.0 - whole) + r) + more
    top = whole + rest
    top_rest = (whole - top) + rest
    e = top * scale * scale_too
    bottom = 1.0 + e
    bottom_rest = ((1.0 - bottom) + e) + top_rest * scale * scale_too
    quotient, correction = _quotient(top, top_rest, bottom, bottom_rest)
    if x < 0.0:
        return (quotient + correction) * scale * scale_too
    return (1.0 - quotient * scale * scale_too) - correction * scale * scale_too


def _quotient(top: float, top_rest: float, bottom: float, bottom_rest: float) -> tuple[float, float]:
    """Divide two sums; return the upper half of the quotient, and the rest of it from the exact remainder."""
    inverse = 1.0 / (bottom + bottom_rest)
    quotient = upper_half(top * inverse)
    bottom_upper = upper_half(bottom)
    bottom_lower = (bottom - bottom_upper) + bottom_rest
    remainder = ((top - quotient * bottom_upper) + top_rest) - quotient * bottom_lower
    return quotient, remainder * inverse
