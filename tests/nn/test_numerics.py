"""Sums are added in the documented order, whatever the shape."""

from __future__ import annotations

import random

import numpy as np
import pytest

from nn.numerics import laned_sum, ordered_sum


def draw(count: int) -> list[float]:
    source = random.Random(count)
    return [source.random() * 10.0 ** source.randint(-8, 8) for _ in range(count)]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 16, 100, 1000])
def test_a_laned_sum_deals_its_terms_to_eight_lanes(count: int) -> None:
    terms = draw(count)
    lane = [0.0] * 8
    for index, term in enumerate(terms):
        lane[index % 8] += term
    expected = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]))
    assert laned_sum(np.array(terms)) == expected


@pytest.mark.parametrize("columns", [1, 3])
def test_an_ordered_sum_goes_row_by_row(columns: int) -> None:
    """NumPy's own sum would go pairwise for one column and row by row for three."""
    rows = np.array(draw(1000 * columns)).reshape(1000, columns)
    total = rows[0].copy()
    for row in rows[1:]:
        total = total + row
    assert ordered_sum(rows).tolist() == total.tolist()
