"""Sine and cosine of moderate angles.

The angle loses its quarter turns with pi/2 in three parts, after W. J. Cody and W. Waite, "Software Manual
for the Elementary Functions" (1980). The series are Chebyshev fits, in a**2 over |a| <= pi/4, of
(sin(a) - a) / a**3 and (cos(a) - 1 + a**2/2) / a**4; the tests compute them again with mpmath.
"""

from __future__ import annotations

from engine.elementary.doubles import ROUNDER

_NAN = float("nan")
_TWO_OVER_PI = 0.6366197723675814

#: pi/2 in three parts. The first two have 33 bits: their products with a number of quarters are exact.
_HALF_PI_HIGH = float.fromhex("0x1.921fb54400000p+0")
_HALF_PI_MIDDLE = float.fromhex("0x1.0b4611a600000p-34")
_HALF_PI_LOW = float.fromhex("0x1.3198a2e037073p-69")

#: The largest angle, in radians, that the three parts reduce with precision to spare: 2**19 quarter turns.
LARGEST_ANGLE = 823549.0


def sin(x: float) -> float:
    """Return the sine of x radians; beyond |x| = 823,549 (2**19 quarter turns) it is not a number."""
    if x == 0.0:
        return x
    return _at_quarter(x, 0.0)


def cos(x: float) -> float:
    """Return the cosine of x radians; beyond |x| = 823,549 (2**19 quarter turns) it is not a number."""
    return _at_quarter(x, 1.0)


def _at_quarter(x: float, ahead: float) -> float:
    """Return the sine of x radians and `ahead` quarter turns."""
    if not -LARGEST_ANGLE <= x <= LARGEST_ANGLE:
        return _NAN
    quarters = (x * _TWO_OVER_PI + ROUNDER) - ROUNDER
    # The angle that is left, as a sum: each subtraction keeps what its rounding took.
    first = x - quarters * _HALF_PI_HIGH
    step = quarters * _HALF_PI_MIDDLE
    second = first - step
    lost = ((first - second) - step) - quarters * _HALF_PI_LOW
    angle = second + lost
    rest = (second - angle) + lost
    # Which of sin, cos, -sin, -cos: the remainder of `turn` by 4, in -2 .. 2.
    turn = quarters + ahead
    turn = turn - 4.0 * ((turn * 0.25 + ROUNDER) - ROUNDER)
    result = _sin_near_0(angle, rest)
    if turn == 1.0 or turn == -1.0:
        result = _cos_near_0(angle, rest)
    return -result if turn == 2.0 or turn == -2.0 or turn == -1.0 else result


def _sin_near_0(angle: float, rest: float) -> float:
    """Return sin(angle + rest) for |angle| <= pi/4 and a tiny rest."""
    z = angle * angle
    series = -2.5051131845003624e-08 + z * 1.5918129294866608e-10
    series = -0.00019841269836758574 + z * (2.755731610255244e-06 + z * series)
    series = -0.16666666666666666 + z * (0.008333333333330948 + z * series)
    return angle + (z * angle * series + rest * (1.0 - 0.5 * z))


def _cos_near_0(angle: float, rest: float) -> float:
    """Return cos(angle + rest) for |angle| <= pi/4 and a tiny rest."""
    z = angle * angle
    half = 0.5 * z
    series = 2.08761462684032e-09 - z * 1.1382632425521717e-11
    series = 2.480158729876569e-05 + z * (-2.7557317271729793e-07 + z * series)
    series = 0.041666666666666664 + z * (-0.0013888888888887398 + z * series)
    most = 1.0 - half
    return most + (((1.0 - most) - half) + (z * z * series - angle * rest))
