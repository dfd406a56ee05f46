"""Sine and cosine in half turns, for schedules and generated datasets: no math library decides our bits.

Counting in half turns makes the reduction to a small angle exact, so that a short series is all there is.
Within 2 units in the last place.
"""

from __future__ import annotations

from math import factorial

_PI = 3.141592653589793

#: Taylor's series, highest term first. At pi / 4 the first one left out is below 1e-19.
_SINE = tuple((-1) ** k / factorial(2 * k + 1) for k in range(8, -1, -1))
_COSINE = tuple((-1) ** k / factorial(2 * k) for k in range(9, -1, -1))


def sin_pi(x: float) -> float:
    """Return sin(pi x), for |x| < 2**51."""
    return _quarter(x, 0)


def cos_pi(x: float) -> float:
    """Return cos(pi x), for |x| < 2**51."""
    return _quarter(x, 1)


def _quarter(x: float, ahead: int) -> float:
    """Return the sine of pi x, `ahead` quarter turns further on."""
    quarters = round(x + x)
    angle = _PI * (x - 0.5 * quarters)
    turned = (quarters + ahead) % 4
    square = angle * angle
    value = _series(_COSINE, square) if turned % 2 else angle * _series(_SINE, square)
    return -value if turned >= 2 else value


def _series(factors: tuple[float, ...], x: float) -> float:
    total = 0.0
    for factor in factors:
        total = total * x + factor
    return total
