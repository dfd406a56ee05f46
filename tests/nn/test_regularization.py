"""Penalties are on weights and never on biases; clipping keeps the direction."""

from __future__ import annotations

import numpy as np
import pytest

from nn.layout import Layout
from nn.regularization import add_penalty_gradient, clip, penalty
from tests.nn.jobs import training

LAYOUT = Layout((2, 2, 1))
#       first layer's weights, biases; second layer's weights, bias
FLAT = np.array([1.0, -2.0, 0.0, 4.0, 90.0, 91.0, -0.5, 3.0, 92.0])


def test_the_flat_order_is_weights_row_by_row_then_biases_layer_by_layer() -> None:
    (first, first_biases), (second, second_biases) = LAYOUT.split(FLAT)
    assert first.tolist() == [[1.0, -2.0], [0.0, 4.0]]
    assert first_biases.tolist() == [90.0, 91.0]
    assert second.tolist() == [[-0.5, 3.0]]
    assert second_biases.tolist() == [92.0]
    assert (LAYOUT.count, LAYOUT.weight_count, LAYOUT.training_work) == (9, 6, 18)


def test_the_penalty_is_kerass_over_the_weights() -> None:
    assert penalty(training(), LAYOUT, FLAT) == 0.0
    assert penalty(training(l1=0.1), LAYOUT, FLAT) == pytest.approx(0.1 * 10.5)
    assert penalty(training(l2=0.01), LAYOUT, FLAT) == pytest.approx(0.01 * 30.25)
    assert penalty(training(l1=0.1, l2=0.01), LAYOUT, FLAT) == pytest.approx(1.05 + 0.3025)


def test_a_factor_of_zero_leaves_its_part_out_even_where_it_would_overflow() -> None:
    huge = np.full(9, 1e200)
    assert penalty(training(l1=1e-200), LAYOUT, huge) == pytest.approx(6.0)


def test_the_gradient_of_the_penalty_is_its_slope_and_zero_at_zero() -> None:
    gradients = np.zeros(9)
    spec = training(l1=0.1, l2=0.01)
    add_penalty_gradient(spec, LAYOUT, FLAT, gradients)
    assert gradients.tolist() == pytest.approx([0.12, -0.14, 0.0, 0.18, 0.0, 0.0, -0.11, 0.16, 0.0])
    for index in (0, 1, 3, 6, 7):
        step = np.zeros(9)
        step[index] = 1e-6
        slope = (penalty(spec, LAYOUT, FLAT + step) - penalty(spec, LAYOUT, FLAT - step)) / 2e-6
        assert gradients[index] == pytest.approx(slope, rel=1e-6)


def test_clipping_shortens_long_gradients_to_the_norm_and_leaves_short_ones() -> None:
    gradients = np.array([3.0, -4.0, 12.0])  # norm 13
    assert clip(gradients, 13.0) is gradients
    clipped = clip(gradients, 1.3)
    assert clipped.tolist() == pytest.approx([0.3, -0.4, 1.2])
