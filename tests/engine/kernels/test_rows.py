"""Rows brought together in an order."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from engine.kernels.rows import gather_rows


@njit(nogil=True, error_model="numpy")
def gathered(matrix, order, first, count, target):
    gather_rows(matrix.ctypes.data, matrix.shape[1], order, first, count, target.ctypes.data, target.shape[1])


@pytest.mark.parametrize("width", [1, 3, 8, 13, 16])
def test_rows_are_copied_in_order_and_what_is_beside_them_stays(width: int) -> None:
    """A layer keeps a column of ones beside its inputs."""
    matrix = np.random.default_rng(width).normal(size=(6, width))
    order = np.array([5, 0, 3, 3, 1, 2])
    target = np.ones((4, width + 5))

    gathered(matrix, order, 2, 3, target)

    assert (target[:3, :width] == matrix[[3, 3, 1]]).all()
    assert (target[:3, width:] == 1.0).all()
    assert (target[3] == 1.0).all()
