"""Losses and their gradients against their formulas in mpmath, and where numbers get extreme."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value
from nn.losses import LOSSES, loss_scale
from tests.nn.jobs import training

if TYPE_CHECKING:
    from collections.abc import Callable

    from nn.spec import Loss

MPMATH: dict[Loss, Callable[[Any, list[float]], Any]] = {
    "squared_error": lambda p, t: sum((a - b) ** 2 for a, b in zip(p, t, strict=True)),
    "absolute_error": lambda p, t: sum(abs(a - b) for a, b in zip(p, t, strict=True)),
    "huber": lambda p, t: sum(_huber(abs(a - b)) for a, b in zip(p, t, strict=True)),
    "hinge": lambda p, t: max(0, 1 - p[0] * t[0]),
    "binary_cross_entropy": lambda p, t: (
        -mpmath.log(1 / (1 + mpmath.exp(-p[0])) if t[0] == 1 else 1 / (1 + mpmath.exp(p[0])))
    ),
    "cross_entropy": lambda p, t: -mpmath.log(mpmath.exp(p[t.index(1.0)]) / sum(mpmath.exp(a) for a in p)),
}


def _huber(error: Any) -> Any:
    return error**2 / 2 if error <= 1 else error - mpmath.mpf(1) / 2


def gradients(name: Loss, predictions: list[float], targets: list[float]) -> tuple[float, list[float]]:
    values = [Value(prediction) for prediction in predictions]
    loss = LOSSES[name].function(values, targets)
    loss.backward()
    return loss.data, [value.grad for value in values]


def targets_of(name: Loss, outputs: int) -> list[float]:
    match LOSSES[name].targets:
        case "numbers":
            return [0.3 * output - 0.5 for output in range(outputs)]
        case "one_hot":
            return [1.0 if output == 1 else 0.0 for output in range(outputs)]
        case "minus_one_or_one":
            return [-1.0]
        case _:
            return [1.0]


def outputs_of(name: Loss) -> int:
    return 1 if LOSSES[name].outputs == "one" else 3


@pytest.mark.parametrize("name", LOSSES)
@given(data=st.data())
def test_a_loss_and_its_gradient_are_those_of_its_formula(name: Loss, data: st.DataObject) -> None:
    outputs = outputs_of(name)
    numbers = st.floats(-30, 30).map(lambda x: round(x, 3) + 0.0004)  # away from the kinks, which are rounder
    predictions = data.draw(st.lists(numbers, min_size=outputs, max_size=outputs))
    targets = targets_of(name, outputs)
    loss, shares = gradients(name, predictions, targets)
    with mpmath.workdps(40):
        exact = [mpmath.mpf(prediction) for prediction in predictions]
        assert loss == pytest.approx(float(MPMATH[name](exact, targets)), rel=1e-12, abs=1e-15)
        step = mpmath.mpf(10) ** -12
        for output, share in enumerate(shares):
            up = [a + step * (index == output) for index, a in enumerate(exact)]
            down = [a - step * (index == output) for index, a in enumerate(exact)]
            slope = (MPMATH[name](up, targets) - MPMATH[name](down, targets)) / (2 * step)
            assert share == pytest.approx(float(slope), rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
def test_huge_logits_give_finite_losses_and_gradients(name: Loss, sign: float) -> None:
    outputs = outputs_of(name)
    predictions = [sign * 1e300, -sign * 1e299, 1000.0][:outputs]
    loss, shares = gradients(name, predictions, targets_of(name, outputs))
    assert math.isfinite(loss)
    assert loss >= 0.0
    assert all(abs(share) <= 1.0 for share in shares)


def test_a_logit_of_zero_has_the_slope_of_one_half() -> None:
    """A network of silent neurons gives exactly 0, where relu and abs alone would have no slope."""
    assert gradients("binary_cross_entropy", [0.0], [1.0]) == (pytest.approx(math.log(2)), [-0.5])
    assert gradients("binary_cross_entropy", [0.0], [0.0]) == (pytest.approx(math.log(2)), [0.5])
    assert gradients("cross_entropy", [0.0, 0.0], [0.0, 1.0])[1] == [0.5, -0.5]


def test_a_confident_right_answer_keeps_its_tiny_gradient() -> None:
    """Through a rounded probability of 1 it would be 0."""
    _, (share,) = gradients("binary_cross_entropy", [50.0], [1.0])
    assert share == pytest.approx(-math.exp(-50.0), rel=1e-12)


def test_a_perfect_absolute_error_has_no_gradient() -> None:
    assert gradients("absolute_error", [2.0], [2.0]) == (0.0, [0.0])


def test_huber_is_half_the_square_up_to_one_and_linear_beyond() -> None:
    assert gradients("huber", [0.5], [0.0]) == (0.125, [0.5])
    assert gradients("huber", [-1.0], [0.0]) == (0.5, [-1.0])
    assert gradients("huber", [3.0], [0.0]) == (2.5, [1.0])


def test_a_sum_over_outputs_begins_with_its_first_term() -> None:
    assert (
        gradients("squared_error", [0.1, 0.2, 0.3], [0.0, 0.0, 0.0])[0] == (0.1 * 0.1 + 0.2 * 0.2) + 0.3 * 0.3
    )


def test_mean_divides_by_samples_and_by_the_outputs_of_an_elementwise_loss() -> None:
    assert loss_scale(training(reduction="sum"), 5, 3) == 1.0
    assert loss_scale(training(reduction="mean"), 5, 3) == 1.0 / 15
    assert loss_scale(training(reduction="mean", loss="cross_entropy"), 5, 3) == 1.0 / 5
