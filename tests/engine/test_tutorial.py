"""What the tutorial's listings print, row by row."""

from __future__ import annotations

import pytest

from engine import Value


def test_a_value_shows_its_number_and_its_gradient():
    assert repr(Value(5.0)) == "Value(data=5.0, grad=0.0)"


def test_a_new_value_has_no_gradient_and_no_operands():
    value = Value(data=5.0)

    assert (value.data, value.grad, value._prev) == (5.0, 0.0, ())


def test_the_constructor_takes_operands_as_its_second_argument():
    a, b = Value(5.0), Value(6.0)

    assert Value(11.0, (a, b))._prev == (a, b)
    assert Value(data=11.0, _children=(a, b))._prev == (a, b)


def test_a_value_has_at_most_two_operands():
    with pytest.raises(ValueError, match="at most two operands, not 3"):
        Value(0.0, (Value(1.0), Value(2.0), Value(3.0)))


def test_a_value_made_from_operands_by_hand_passes_nothing_back():
    a = Value(5.0)
    made = Value(11.0, (a,))
    made.grad = 3.0

    made._backward()

    assert a.grad == 0.0


def test_a_sum_gives_each_term_its_own_gradient():
    a, b = Value(5.0), Value(6.0)
    c = a + b
    c.grad = 11.0

    c._backward()

    assert c._prev == (a, b)
    assert repr(c) == "Value(data=11.0, grad=11.0)"
    assert repr(a) == "Value(data=5.0, grad=11.0)"
    assert repr(b) == "Value(data=6.0, grad=11.0)"


def test_a_product_gives_each_factor_the_other_times_its_gradient():
    a, b = Value(5.0), Value(6.0)
    c = a * b
    c.grad = 11.0

    c._backward()

    assert repr(c) == "Value(data=30.0, grad=11.0)"
    assert repr(a) == "Value(data=5.0, grad=66.0)"
    assert repr(b) == "Value(data=6.0, grad=55.0)"


def test_a_square_gives_its_base_twice_the_base_times_its_gradient():
    a = Value(5.0)
    c = a**2.0
    c.grad = 11.0

    c._backward()

    assert repr(c) == "Value(data=25.0, grad=11.0)"
    assert repr(a) == "Value(data=5.0, grad=110.0)"
    assert c._prev == (a,)


@pytest.mark.parametrize("exponent", ["2", None, Value(2.0), 2j, [2]], ids=repr)
def test_an_exponent_other_than_an_int_or_a_float_is_refused(exponent):
    with pytest.raises(TypeError, match="exponent must be an int or a float"):
        Value(5.0) ** exponent


def test_a_negation_passes_its_gradient_back_negated():
    a = Value(5.0)
    c = -a
    c.grad = 11.0

    c._backward()

    assert c.data == -5.0
    assert a.grad == -11.0


def test_relu_is_the_number_above_zero_and_zero_below():
    assert Value(6.0).relu().data == 6.0
    assert Value(-6.0).relu().data == 0


def test_relu_passes_its_gradient_back_only_where_its_result_is_above_zero():
    a, b, zero = Value(3.0), Value(-3.0), Value(0.0)
    for value in (a, b, zero):
        result = value.relu()
        result.grad = 11.0
        result._backward()

    assert (a.grad, b.grad, zero.grad) == (11.0, 0.0, 0.0)


def test_one_step_back_through_a_difference_stops_at_the_negated_operand():
    a, b = Value(5.0), Value(4.0)
    c = a - b
    c.grad = 1.0

    c._backward()

    assert c.data == 1.0
    assert (a.grad, b.grad) == (1.0, 0.0)


def test_backward_goes_all_the_way_through_a_difference():
    a, b = Value(6.0), Value(3.0)
    c = a - b

    c.backward()

    assert (c.data, a.grad, b.grad) == (3.0, 1.0, -1.0)


def test_a_quotient_is_the_product_with_the_power_of_minus_one():
    a, b = Value(6.0), Value(3.0)
    c = a / b

    c.backward()

    assert repr(c) == "Value(data=2.0, grad=1.0)"
    assert repr(a) == "Value(data=6.0, grad=0.3333333333333333)"
    assert repr(b) == "Value(data=3.0, grad=-0.6666666666666666)"


def test_the_listing_that_puts_it_all_together_prints_what_the_tutorial_prints():
    a, b = Value(2.0), Value(3.0)
    c = a + b
    e = c**4.0
    f = Value(6.0)
    g = e / f

    g.backward()

    assert [repr(value) for value in (a, b, c, e, f, g)] == [
        "Value(data=2.0, grad=83.33333333333333)",
        "Value(data=3.0, grad=83.33333333333333)",
        "Value(data=5.0, grad=83.33333333333333)",
        "Value(data=625.0, grad=0.16666666666666666)",
        "Value(data=6.0, grad=-17.36111111111111)",
        "Value(data=104.16666666666666, grad=1.0)",
    ]
