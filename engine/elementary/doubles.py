"""Taking doubles apart and making powers of two, exactly.

The only place where Python and native code go different ways: these look up or call what cannot round,
`engine.native` moves bits. Being exact, the two cannot differ.
"""

from __future__ import annotations

import math

_INFINITY = float("inf")
_NAN = float("nan")

#: Adding and subtracting 1.5 * 2**52 rounds to a whole number, since doubles of that size have no other.
ROUNDER = 6755399441055744.0

#: Veltkamp's constant, 2**27 + 1: see `upper_half`.
_SPLITTER = 134217729.0

_POWERS_OF_TWO = {float(exponent): math.ldexp(1.0, exponent) for exponent in range(-1022, 1024)}


def power_of_two(exponent: float) -> float:
    """Return 2**exponent for a whole exponent in -1022 .. 1023."""
    return _POWERS_OF_TWO[exponent]


def significand_and_exponent(x: float) -> tuple[float, float]:
    """Split a finite x >= 2**-1022 as significand * 2**exponent, 1 <= significand < 2, exponent whole."""
    half, exponent = math.frexp(x)
    return half + half, exponent - 1.0


def upper_half(x: float) -> float:
    """Return x with only its upper 26 bits, so that the product of two such numbers is exact.

    T. J. Dekker, "A floating-point technique for extending the available precision", 1971.
    """
    large = x * _SPLITTER
    return large - (large - x)


def reciprocal(x: float) -> float:
    """Return 1/x, correctly rounded; that of a zero is the infinity of its sign."""
    return 1.0 / x if x != 0.0 else math.copysign(_INFINITY, x)


def sqrt(x: float) -> float:
    """Return the square root, correctly rounded; below zero it is not a number."""
    return math.sqrt(x) if x >= 0.0 else _NAN
