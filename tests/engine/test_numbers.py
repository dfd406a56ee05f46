"""Plain numbers beside `Value`s, and what is not a number at all."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from engine import Value


@pytest.mark.parametrize(
    "number", [3, 3.0, True + 2, np.float64(3.0), np.float32(3.0), np.int64(3), Fraction(3)]
)
def test_a_number_of_any_real_type_stands_on_either_side(number):
    results = [
        (Value(6.0) + number, 9.0), (number + Value(6.0), 9.0),
        (Value(6.0) - number, 3.0), (number - Value(6.0), -3.0),
        (Value(6.0) * number, 18.0), (number * Value(6.0), 18.0),
        (Value(6.0) / number, 2.0), (number / Value(6.0), 0.5),
        (Value(6.0).maximum(number), 6.0), (Value(6.0).minimum(number), 3.0),
    ]  # fmt: skip

    for result, expected in results:
        assert type(result) is Value
        assert type(result.data) is float
        assert result.data == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("number", [5, np.float64(5.0), np.int32(5), Fraction(5)])
def test_a_value_keeps_any_real_number_as_a_float(number):
    assert repr(Value(number)) == "Value(data=5.0, grad=0.0)"


@pytest.mark.parametrize("thing", ["5", None, 5j, [5.0], np.array([5.0, 6.0])], ids=repr)
def test_a_value_of_anything_else_is_refused(thing):
    with pytest.raises(TypeError, match="real numbers"):
        Value(thing)


@pytest.mark.parametrize("thing", ["5", None, 5j, [5.0]], ids=repr)
def test_arithmetic_with_anything_else_is_refused(thing):
    for operate in (
        lambda: Value(1.0) + thing,
        lambda: thing + Value(1.0),
        lambda: Value(1.0) * thing,
        lambda: thing * Value(1.0),
        lambda: Value(1.0) - thing,
        lambda: Value(1.0) / thing,
        lambda: thing / Value(1.0),
        lambda: Value(1.0).maximum(thing),
    ):
        with pytest.raises(TypeError):
            operate()


def test_the_sum_of_a_list_needs_no_start():
    assert sum([Value(1.0), Value(2.0), Value(3.0)]).data == 6.0


def test_what_overflows_is_infinite_and_what_has_no_value_is_not_a_number():
    huge = Value(1e200)

    assert (huge * huge).data == float("inf")
    assert (huge**3).data == float("inf")
    assert (1.0 / Value(0.0)).data == float("inf")
    assert (1.0 / Value(-0.0)).data == float("-inf")
    assert (Value(1.0) / 0.0).data == float("inf")
    assert Value(1000.0).exp().data == float("inf")
    assert Value(0.0).log().data == float("-inf")
    assert np.isnan(Value(-1.0).log().data)
    assert np.isnan((Value(-1.0) ** 0.5).data)


def test_a_zero_share_is_zero_even_of_an_infinite_gradient():
    off, constant, smaller = Value(-1.0), Value(2.0), Value(0.0)
    for result in (off.relu(), constant.detach(), smaller.maximum(1.0), Value(0.0).abs()):
        result.grad = float("inf")
        result._backward()

    assert (off.grad, constant.grad, smaller.grad) == (0.0, 0.0, 0.0)


def test_the_power_zero_has_no_gradient_even_at_zero():
    x = Value(0.0)
    y = x**0

    y.backward()

    assert (y.data, x.grad) == (1.0, 0.0)


@pytest.mark.parametrize("choose", [Value.maximum, Value.minimum])
def test_a_choice_with_something_that_is_not_a_number_is_not_a_number(choose):
    nan = float("nan")

    assert np.isnan(choose(Value(nan), 1.0).data)
    assert np.isnan(choose(Value(1.0), nan).data)


def test_of_two_equals_the_first_gets_the_gradient():
    a, b = Value(2.0), Value(2.0)

    (a.maximum(b) + a.minimum(b)).backward()

    assert (a.grad, b.grad) == (2.0, 0.0)
