"""Rows of a matrix brought together in a given order."""

from __future__ import annotations

from numba import njit

from engine.kernels.memory import BYTES
from engine.kernels.transpose import copy_part, move_row
from engine.kernels.vectors import VECTOR


@njit(nogil=True, error_model="numpy")
def gather_rows(matrix, width, order, first, count, target, stride):
    """Copy the rows order[first], order[first + 1], ... of a row-major matrix to rows `stride` doubles apart.

    What is beside them stays.
    """
    vectors = width // VECTOR
    rest = width - VECTOR * vectors
    for place in range(count):
        source = matrix + BYTES * width * order[first + place]
        into = target + BYTES * stride * place
        for vector in range(vectors):
            move_row(source + BYTES * VECTOR * vector, into + BYTES * VECTOR * vector)
        if rest > 0:
            copy_part(source + BYTES * VECTOR * vectors, into + BYTES * VECTOR * vectors, rest)
