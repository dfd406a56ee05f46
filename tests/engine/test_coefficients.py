"""The series in `engine.elementary` are what they say: Chebyshev fits that mpmath computes again here."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable

import mpmath
import pytest

from engine.elementary import circular, exponential, logarithm


def fit(function: Callable[[mpmath.mpf], mpmath.mpf], low: float, high: float, terms: int) -> list[float]:
    """Return the coefficients of the fit over low .. high, lowest power first, rounded to doubles."""
    with mpmath.workdps(60):
        return [float(c) for c in mpmath.chebyfit(function, [low, high], terms, asc=True)]


def by_series(terms: Callable[[int], mpmath.mpf], x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.fsum(terms(n) * x**n for n in range(30))


def exp_rest(r: mpmath.mpf) -> mpmath.mpf:
    return by_series(lambda n: 1 / mpmath.factorial(n + 3), r)


def log_rest(z: mpmath.mpf) -> mpmath.mpf:
    """(2 atanh(s) - 2 s) / s**3 with z = s**2."""
    return by_series(lambda n: mpmath.mpf(2) / (2 * n + 3), z)


def sin_rest(z: mpmath.mpf) -> mpmath.mpf:
    return by_series(lambda n: (-1) ** (n + 1) / mpmath.factorial(2 * n + 3), z)


def cos_rest(z: mpmath.mpf) -> mpmath.mpf:
    return by_series(lambda n: (-1) ** n / mpmath.factorial(2 * n + 4), z)


def written_in(function: Callable[..., object]) -> list[float]:
    """Return the coefficients in the assignments to `series`, lowest power first."""
    body = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    lines = [
        node.value
        for node in ast.walk(body)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "series"
    ]
    return [number for line in reversed(lines) for number in numbers_of(line)]


def numbers_of(expression: ast.expr) -> list[float]:
    match expression:
        case ast.Constant(value=float(number)):
            return [number]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [-number for number in numbers_of(operand)]
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return numbers_of(left) + [-number for number in numbers_of(right)]
        case ast.BinOp(left=left, right=right):
            return numbers_of(left) + numbers_of(right)
        case _:
            return []


HALF_LN2 = float(mpmath.log(2) / 2) * (1 + 2.0**-20)
QUARTER_PI_SQUARED = float((mpmath.pi / 4) ** 2)


@pytest.mark.parametrize(
    ("function", "rest", "low", "high"),
    [
        (exponential._reduced, exp_rest, -HALF_LN2, HALF_LN2),
        (logarithm.log, log_rest, 0.0, 0.0295),
        (circular._sin_near_0, sin_rest, 0.0, QUARTER_PI_SQUARED),
        (circular._cos_near_0, cos_rest, 0.0, QUARTER_PI_SQUARED),
    ],
    ids=["exp", "log", "sin", "cos"],
)
def test_a_series_is_the_chebyshev_fit_it_says_it_is(function, rest, low, high):
    written = written_in(function)

    assert len(written) >= 6
    assert written == pytest.approx(fit(rest, low, high, len(written)), rel=1e-12)


def test_the_parts_of_constants_add_up():
    with mpmath.workdps(60):
        ln2 = mpmath.mpf(exponential.LN2_HIGH) + exponential.LN2_LOW
        half_pi = mpmath.mpf(circular._HALF_PI_HIGH) + circular._HALF_PI_MIDDLE + circular._HALF_PI_LOW

        assert abs(ln2 - mpmath.log(2)) < mpmath.mpf(2) ** -86
        assert abs(half_pi - mpmath.pi / 2) < mpmath.mpf(2) ** -120
