"""A number to a constant power."""

from __future__ import annotations

from engine.elementary.doubles import reciprocal, sqrt
from engine.elementary.exponential import exp
from engine.elementary.logarithm import log

#: From here on an exponent is treated as if it were not whole, so that counting its bits stays in range.
_TOO_LARGE_TO_COUNT = 2.0**31


def power(x: float, exponent: float) -> float:
    """Return x to the exponent, by the first rule that fits.

    - 0.5: the square root; -0.5: its reciprocal.
    - Whole and positive: multiplications, by repeated squaring from the lowest bit; x**2 is x*x, x**3 is
      x*(x*x). At most `exponent` ulp from the true value.
    - Whole and negative: the reciprocal of the positive power, so x**-1 is 1/x. x**0 is 1.
    - Everything else: exp(exponent * log(x)), at most 1 + 3 |exponent * log(x)| ulp from the true value, and
      not a number for a negative x.
    """
    if exponent == 2.0:
        return x * x
    if exponent == -1.0:
        return reciprocal(x)
    if exponent == 0.5:
        return sqrt(x)
    if exponent == -0.5:
        return reciprocal(sqrt(x))
    size = abs(exponent)
    if not (size < _TOO_LARGE_TO_COUNT and int(size) == size):
        return exp(exponent * log(x))
    result = 1.0
    factor = x
    count = int(size)
    while count > 0:
        if count & 1:
            result = result * factor
        factor = factor * factor
        count = count >> 1
    return result if exponent >= 0.0 else reciprocal(result)
