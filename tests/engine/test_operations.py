"""The table of operations, walked: nobody can add half an operation."""

from __future__ import annotations

import inspect
import itertools
import math

import pytest

from engine import Value, operations
from engine.operations import OPERATIONS, Operation

A, B, C = 0.75, -1.25, 3.0
GRAD = 0.3

every_operation = pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.name)


def made_by(row: Operation, a: float = A, b: float = B) -> tuple[Value, list[Value]]:
    """Return the node that the row's spelling makes, and its operands."""
    operands = [Value(a), Value(b)][: row.operands]
    names = dict(zip("ab", operands, strict=False))
    return eval(row.spelling, {**names, "c": C}), operands


def arguments(row: Operation, *operands: float) -> tuple[float, ...]:
    return (*operands, C) if row.takes_constant else operands


def shares(row: Operation, *numbers: float) -> tuple[float, ...]:
    gradient = row.gradient(*numbers)
    return gradient if row.operands == 2 else (gradient,)


def test_every_operation_of_the_module_is_a_row_of_the_table():
    defined = [thing for thing in vars(operations).values() if isinstance(thing, Operation)]

    assert sorted(row.name for row in defined) == sorted(row.name for row in OPERATIONS)
    assert len({row.name for row in OPERATIONS}) == len(OPERATIONS)


@every_operation
def test_a_row_is_spelled_as_it_says(row):
    result, operands = made_by(row)

    assert result._operation is row
    assert result._prev == tuple(operands)


@every_operation
def test_a_value_is_what_its_row_computes(row):
    for a, b in [(A, B), (B, A), (0.0, -0.0), (1e300, 1e300)]:
        result, operands = made_by(row, a, b)
        expected = row.value(*arguments(row, *(operand.data for operand in operands)))

        assert result.data.hex() == expected.hex()


@every_operation
def test_backward_passes_back_what_its_row_computes(row):
    for a, b in [(A, B), (B, A), (0.0, 2.0), (1e300, 1e300)]:
        result, operands = made_by(row, a, b)
        result.grad = GRAD
        numbers = arguments(row, *(operand.data for operand in operands))
        # Gradients begin at +0.0 and are added to.
        expected = [0.0 + share for share in shares(row, *numbers, result.data, GRAD)]

        result._backward()

        assert [operand.grad.hex() for operand in operands] == [share.hex() for share in expected]


@every_operation
def test_a_gradient_is_the_slope_of_its_value(row):
    if row is operations.DETACH:
        assert row.gradient(A, A, GRAD) == 0.0
        return
    step = 2.0**-18
    for a, b in [(A, B), (0.3, 0.6), (2.5, 2.25)]:
        operands = (a, b)[: row.operands]
        result = row.value(*arguments(row, *operands))
        for index, share in enumerate(shares(row, *arguments(row, *operands), result, 1.0)):
            above, below = list(operands), list(operands)
            above[index] += step
            below[index] -= step
            slope = (row.value(*arguments(row, *above)) - row.value(*arguments(row, *below))) / (2 * step)
            assert share == pytest.approx(slope, rel=1e-8, abs=1e-9)


@every_operation
def test_a_row_uses_plain_functions_of_floats(row):
    given = row.operands + row.takes_constant

    assert len(inspect.signature(row.value).parameters) == given
    assert len(inspect.signature(row.gradient).parameters) == given + 2


@pytest.mark.parametrize("row", [row for row in OPERATIONS if row.from_value], ids=lambda row: row.name)
def test_a_gradient_from_the_value_does_not_look_at_the_operand(row):
    """The kernels write such a value over its operand."""
    for result in (-2.0, -0.0, 0.5, float("inf")):
        shares_of = {row.gradient(a, result, GRAD).hex() for a in (A, B, 0.0, float("nan"), float("-inf"))}

        assert len(shares_of) == 1


@pytest.mark.parametrize("row", [row for row in OPERATIONS if row.chooses], ids=lambda row: row.name)
def test_a_gradient_that_chooses_is_zero_if_the_gradient_of_the_result_is(row):
    """The compiler does not look further then."""
    for operands in itertools.product((A, -A, 0.0, -0.0, math.inf, -math.inf, math.nan), repeat=row.operands):
        for grad in (0.0, -0.0):
            assert not any(shares(row, *arguments(row, *operands), row.value(*operands), grad))
