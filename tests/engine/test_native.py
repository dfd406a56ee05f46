"""Numba compiles the engine's functions, as they stand, to the same bits and to vector instructions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any

import numba
import numpy as np
import pytest
from llvmlite.binding import get_host_cpu_features
from numba.np.unsafe.ndarray import to_fixed_tuple

import engine.native  # noqa: F401  (teaches Numba the functions below)
from engine import elementary
from engine.elementary.doubles import power_of_two, significand_and_exponent, upper_half
from engine.operations import OPERATIONS
from tests.engine.true_values import RANGES, edges, random_doubles

Floats = np.ndarray[Any, np.dtype[np.float64]]

FUNCTIONS = [*RANGES, elementary.sqrt, elementary.reciprocal, upper_half]
SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 5e-324, -1e300]


@cache
def compiled_loop(
    function: Callable[..., Any], arguments: int, part: int | None
) -> Callable[[Floats, Floats], None]:
    """Return a compiled loop over rows of arguments. No disk keeps it, so it is the source as it is now."""

    @numba.njit(error_model="numpy")
    def whole(rows: Floats, results: Floats) -> None:
        for i in range(rows.shape[0]):
            results[i] = function(*to_fixed_tuple(rows[i], arguments))

    @numba.njit(error_model="numpy")
    def one_part(rows: Floats, results: Floats) -> None:
        for i in range(rows.shape[0]):
            results[i] = function(*to_fixed_tuple(rows[i], arguments))[part]

    return whole if part is None else one_part


def compiled_over(rows: Floats, function: Callable[..., Any], part: int | None = None) -> Floats:
    """Call `function` with each row of an array, in compiled code; return its results, or one part."""
    results = np.empty(len(rows))
    compiled_loop(function, rows.shape[1], part)(rows, results)
    return results


def assert_same_bits(compiled: Floats, interpreted: Sequence[float], rows: Floats) -> None:
    expected = np.array(interpreted)
    same = (compiled.view(np.int64) == expected.view(np.int64)) | (np.isnan(compiled) & np.isnan(expected))
    assert same.all(), f"at {rows[~same][0]}: {compiled[~same][0]!r}, not {expected[~same][0]!r}"


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_a_compiled_elementary_function_gives_the_interpreters_bits(function):
    draw = Random(24)
    points = [draw.uniform(low, high) for low, high in RANGES.get(function, ()) for _ in range(5_000)]
    points += [*edges(), *random_doubles(5_000, draw), *SPECIAL]
    rows = np.array(points)[:, None]

    assert_same_bits(compiled_over(rows, function), [function(x) for x in points], rows)


@pytest.mark.parametrize("exponent", [2.0, -1.0, 0.0, 1.0, 3.0, -2.0, 0.5, -0.5, 1.5, 17.0, 3e9, math.inf])
def test_a_compiled_power_gives_the_interpreters_bits(exponent):
    draw = Random(25)
    points = [*random_doubles(500, draw), *(draw.uniform(-3.0, 3.0) for _ in range(500)), *SPECIAL]
    rows = np.array([(x, exponent) for x in points])

    interpreted = [elementary.power(x, exponent) for x in points]

    assert_same_bits(compiled_over(rows, elementary.power), interpreted, rows)


def test_every_power_of_two_is_exact_in_both():
    rows = np.arange(-1022.0, 1024.0)[:, None]
    exact = [math.ldexp(1.0, int(k)) for k in rows[:, 0]]

    assert [power_of_two(k) for k in rows[:, 0].tolist()] == exact
    assert_same_bits(compiled_over(rows, power_of_two), exact, rows)


def test_a_double_is_taken_apart_exactly_in_both():
    draw = Random(26)
    points = [math.ldexp(draw.uniform(1.0, 2.0), k) for k in range(-1022, 1024)]
    points += [math.ldexp(1.0, k) for k in range(-1022, 1024)]
    rows = np.array(points)[:, None]

    for part in (0, 1):
        interpreted = [significand_and_exponent(x)[part] for x in points]
        assert_same_bits(compiled_over(rows, significand_and_exponent, part), interpreted, rows)
    assert all(
        1.0 <= significand < 2.0 and math.ldexp(significand, int(exponent)) == x
        for x, (significand, exponent) in zip(points, map(significand_and_exponent, points), strict=True)
    )


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)
def test_a_compiled_row_gives_the_interpreters_bits(row):
    draw = Random(27)
    numbers = [*SPECIAL, *(draw.gauss(0.0, 2.0) for _ in range(200))]
    given = row.operands + row.takes_constant
    constants = [0.0, 0.01, 0.5, 2.0, -1.0, 3.0, 2.5]

    def one_row(length: int) -> list[float]:
        drawn = [draw.choice(numbers) for _ in range(length)]
        if row.takes_constant:
            drawn[row.operands] = draw.choice(constants)
        return drawn

    value_rows = np.array([one_row(given) for _ in range(2_000)])
    gradient_rows = np.array([one_row(given + 2) for _ in range(2_000)])

    values = [row.value(*numbers) for numbers in value_rows.tolist()]
    gradients = [row.gradient(*numbers) for numbers in gradient_rows.tolist()]

    assert_same_bits(compiled_over(value_rows, row.value), values, value_rows)
    if row.operands == 1:
        assert_same_bits(compiled_over(gradient_rows, row.gradient), gradients, gradient_rows)
    else:
        for part in (0, 1):
            shares = [gradient[part] for gradient in gradients]
            assert_same_bits(compiled_over(gradient_rows, row.gradient, part), shares, gradient_rows)


@pytest.mark.skipif(
    numba.config.CPU_NAME is not None or not get_host_cpu_features().get("avx2"),
    reason="with vectors of two doubles, LLVM finds some of these loops not worth it",
)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_a_loop_over_an_elementary_function_becomes_vector_instructions(function):
    """LLVM's own words: arithmetic on vectors of doubles, and no fused multiply-add to change the bits."""

    @numba.njit("void(float64[::1], float64[::1])", error_model="numpy")
    def loop(x: Floats, results: Floats) -> None:
        for i in range(x.size):
            results[i] = function(x[i])

    ((_, code),) = loop.inspect_llvm().items()

    assert re.search(r"<\d+ x double>", code)
    assert "llvm.fma" not in code
    assert "llvm.fmuladd" not in code
