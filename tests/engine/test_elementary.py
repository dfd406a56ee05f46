"""The elementary functions are within 1 unit in the last place of the truth, everywhere."""

from __future__ import annotations

import math
from random import Random

import mpmath
import pytest

from engine import elementary
from tests.engine.true_values import DIGITS, RANGES, TRUE, edges, error_in_ulps, has_value, random_doubles

INFINITY, NAN = math.inf, math.nan

every_function = pytest.mark.parametrize("function", TRUE, ids=lambda function: function.__name__)


#: What is promised is 1 ulp; 230 million points showed 0.87 at most, which no change should lose unnoticed.
LARGEST_ERROR = 0.88


@every_function
def test_a_function_is_well_within_1_ulp_of_the_true_value(function):
    draw = Random(20)
    points = [
        x
        for low, high in RANGES[function]
        for x in [low, high, *(draw.uniform(low, high) for _ in range(800))]
    ]
    points += [*edges(), *random_doubles(800, draw)]
    with mpmath.workdps(DIGITS):
        errors = {
            x: error_in_ulps(function(x), TRUE[function](mpmath.mpf(x)))
            for x in points
            if has_value(function, x)
        }

    worst = max(errors, key=lambda x: errors[x])
    assert errors[worst] < LARGEST_ERROR, f"{function.__name__}({worst!r}) is {errors[worst]} ulp off"
    assert len(errors) > 2000


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (elementary.exp, 0.0, 1.0),
        (elementary.exp, -0.0, 1.0),
        (elementary.exp, INFINITY, INFINITY),
        (elementary.exp, -INFINITY, 0.0),
        (elementary.exp, 709.7827128933841, INFINITY),
        (elementary.exp, -745.1332191019411, 5e-324),
        (elementary.exp, -745.1332191019412, 0.0),
        (elementary.log, 0.0, -INFINITY),
        (elementary.log, -0.0, -INFINITY),
        (elementary.log, 1.0, 0.0),
        (elementary.log, INFINITY, INFINITY),
        (elementary.tanh, 0.0, 0.0),
        (elementary.tanh, -0.0, -0.0),
        (elementary.tanh, 5e-324, 5e-324),
        (elementary.tanh, INFINITY, 1.0),
        (elementary.tanh, -INFINITY, -1.0),
        (elementary.sigmoid, 0.0, 0.5),
        (elementary.sigmoid, -0.0, 0.5),
        (elementary.sigmoid, INFINITY, 1.0),
        (elementary.sigmoid, -INFINITY, 0.0),
        (elementary.sin, -0.0, -0.0),
        (elementary.cos, 0.0, 1.0),
        (elementary.sqrt, 2.0, 1.4142135623730951),
        (elementary.sqrt, -0.0, -0.0),
        (elementary.reciprocal, 3.0, 1 / 3),
        (elementary.reciprocal, 0.0, INFINITY),
        (elementary.reciprocal, -0.0, -INFINITY),
        (elementary.reciprocal, -INFINITY, -0.0),
    ],
    ids=lambda given: getattr(given, "__name__", str(given)),
)
def test_a_special_number_gives_its_exact_result(function, x, expected):
    assert function(x).hex() == expected.hex()


@pytest.mark.parametrize(
    ("function", "x"),
    [
        *[(function, NAN) for function in [*TRUE, elementary.sqrt, elementary.reciprocal]],
        (elementary.log, -5e-324),
        (elementary.log, -INFINITY),
        (elementary.sqrt, -5e-324),
        (elementary.sin, INFINITY),
        (elementary.sin, 823550.0),
        (elementary.cos, -823550.0),
    ],
    ids=lambda given: getattr(given, "__name__", str(given)),
)
def test_what_has_no_value_is_not_a_number(function, x):
    assert math.isnan(function(x))


@pytest.mark.parametrize("function", [elementary.tanh, elementary.sin])
def test_an_odd_function_is_exactly_odd(function):
    draw = Random(21)
    for x in random_doubles(500, draw):
        assert function(-x).hex() == (-function(x)).hex()


@pytest.mark.parametrize("function", [elementary.exp, elementary.log, elementary.tanh, elementary.sigmoid])
def test_a_rising_function_never_falls_between_neighbours(function):
    draw = Random(22)
    for start in [*edges(), *(draw.uniform(0.0, 2.0) for _ in range(300))]:
        if has_value(function, start):
            x = start
            for _ in range(20):
                neighbour = math.nextafter(x, INFINITY)
                assert function(neighbour) >= function(x), x
                x = neighbour


def test_exp_stays_finite_up_to_its_last_finite_result():
    assert elementary.exp(709.782712893384) < INFINITY


def test_whole_powers_are_repeated_squares():
    x = 1.1
    square = x * x
    fourth = square * square

    assert elementary.power(x, 1.0) == x
    assert elementary.power(x, 2.0) == square
    assert elementary.power(x, 3.0) == x * square
    assert elementary.power(x, 7.0) == (x * square) * fourth
    assert elementary.power(x, -7.0) == 1.0 / ((x * square) * fourth)
    assert elementary.power(-2.0, 3.0) == -8.0
    assert elementary.power(0.0, -3.0) == INFINITY
    assert elementary.power(NAN, 0.0) == 1.0


def test_halves_are_square_roots():
    assert elementary.power(3.0, 0.5) == math.sqrt(3.0)
    assert elementary.power(3.0, -0.5) == 1.0 / math.sqrt(3.0)
    assert elementary.power(0.0, -0.5) == INFINITY
    assert math.isnan(elementary.power(-1.0, 0.5))


@pytest.mark.parametrize("exponent", [0.3, -1.7, 2.5, 1e10 + 0.5, 2.0**40, INFINITY, -INFINITY, NAN])
def test_other_powers_are_exponentials_of_logarithms(exponent):
    for x in (0.25, 1.0, 1.5, 7.0):
        expected = elementary.exp(exponent * elementary.log(x))
        assert elementary.power(x, exponent).hex() == expected.hex()


@pytest.mark.parametrize("exponent", [3.0, 10.0, -7.0, 100.0, 0.3, -1.7, 2.5])
def test_a_power_is_as_near_as_it_says(exponent):
    draw = Random(23)
    with mpmath.workdps(DIGITS):
        for x in [draw.uniform(0.1, 5.0) for _ in range(300)]:
            true = mpmath.mpf(x) ** mpmath.mpf(exponent)
            whole = exponent == int(exponent)
            allowed = abs(exponent) if whole else 1 + 3 * abs(exponent * math.log(x))
            assert error_in_ulps(elementary.power(x, exponent), true) < allowed
