"""Products of matrices: every sum adds its terms in order, whatever the shape; nothing else is written."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numba import njit

from engine.kernels import matmul
from engine.kernels.machine import tile_rows
from engine.kernels.matmul import multiply_add
from engine.kernels.panels import pack_columns, pack_rows, packed_width
from engine.kernels.tile import tiles
from engine.kernels.vectors import VECTOR

#: A number that no product leaves by chance.
UNTOUCHED = 12345.678

#: As many rows as the largest tile has, and so many that they are cut into several.
ROWS = (*range(1, max(tile_rows()) + 2), 3 * max(tile_rows()) + 2)
COLUMNS = (1, 3, 4, 5, 8, 9, 12, 17, 32, 35)


@njit(nogil=True, error_model="numpy")
def product(shape, a, b, packed, start, c):
    """Run the kernel on arrays: `b` (terms, columns) is packed first."""
    m, n, terms = shape
    pack_rows(b.ctypes.data, n, terms, n, packed.ctypes.data)
    multiply_add(
        (m, n, terms),
        (a.ctypes.data, a.shape[1], 1),
        (packed.ctypes.data, packed_width(n)),
        (start.ctypes.data, start.shape[1], VECTOR),
        (c.ctypes.data, c.shape[1]),
    )


@njit(nogil=True, error_model="numpy")
def packed_columns(matrix, rows, packed):
    """Pack the first so many rows of a matrix."""
    pack_columns(matrix.ctypes.data, matrix.shape[1], rows, matrix.shape[1], packed.ctypes.data)


def in_order(start: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return start + a b, the terms added one after the other."""
    total = start.copy()
    for term in range(a.shape[1]):
        total = total + a[:, term : term + 1] * b[term]
    return total


def room(rows: int, columns: int) -> np.ndarray:
    """Return an array that vectors may be read from beyond its columns."""
    return np.full((rows, VECTOR * (-(-columns // VECTOR) + 1)), UNTOUCHED)


@pytest.mark.parametrize("terms", [1, 2, 7])
@pytest.mark.parametrize("columns", COLUMNS)
def test_every_sum_of_a_product_adds_its_terms_in_order(columns: int, terms: int) -> None:
    random = np.random.default_rng(columns * 10 + terms)
    for rows in ROWS:
        a = random.normal(size=(rows, terms)) * 10.0 ** random.integers(-8, 8, (rows, terms))
        b = random.normal(size=(terms, columns))
        start, c = room(rows, columns), room(rows, columns)
        start[:, :columns] = random.normal(size=(rows, columns))
        packed = np.zeros(VECTOR * terms * -(-columns // VECTOR))

        product((rows, columns, terms), a, b, packed, start, c)

        assert c[:, :columns].tobytes() == in_order(start[:, :columns], a, b).tobytes()
        assert (c[:, columns:] == UNTOUCHED).all()


def test_products_of_these_shapes_use_every_tile_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above cannot leave one out."""
    used = set()
    monkeypatch.setattr(matmul, "multiply_tile", lambda *arguments: used.add(arguments[:2]))
    for rows, columns in itertools.product(ROWS, COLUMNS):
        matmul._multiply_add.py_func((rows, columns, 1), (0, 0, 0), (0, 0), (0, 0, 0), (0, 0))
    assert used == set(tiles())


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 24])
@pytest.mark.parametrize("columns", [1, 2, 8, 11, 16])
def test_columns_are_packed_as_the_transpose_filled_up_with_zeros(rows: int, columns: int) -> None:
    matrix = np.random.default_rng(rows + columns).normal(size=(rows + 1, columns))
    width = VECTOR * -(-rows // VECTOR)
    packed = np.zeros((columns + 1, width))
    packed[columns] = UNTOUCHED

    packed_columns(matrix, rows, packed)

    assert packed[:columns, :rows].tobytes() == matrix[:rows].T.tobytes()
    assert not packed[:columns, rows:].any()
    assert (packed[columns] == UNTOUCHED).all()
