"""Matrices laid out for the tiles: panels of 8 columns, each panel's rows one after the other, padded with
zeros.

A tile then reads its vectors from one contiguous stream, whatever the width of the matrix, and never past its
end.
"""

from __future__ import annotations

from numba import njit

from engine.kernels.memory import BYTES, get, put
from engine.kernels.tile import VECTOR
from engine.kernels.transpose import transpose_block


@njit(nogil=True, error_model="numpy")
def panels_of(columns):
    """Return how many panels hold so many columns."""
    return (columns + VECTOR - 1) // VECTOR


@njit(nogil=True, error_model="numpy")
def pack_rows(matrix, rows, columns, panels):
    """Write a row-major matrix into panels of its columns."""
    full = columns // VECTOR
    for panel in range(full):
        into = panels + BYTES * VECTOR * rows * panel
        for row in range(rows):
            start = matrix + BYTES * (row * columns + VECTOR * panel)
            for lane in range(VECTOR):
                put(into, VECTOR * row + lane, get(start, lane))
    rest = columns - VECTOR * full
    if rest > 0:
        into = panels + BYTES * VECTOR * rows * full
        for row in range(rows):
            start = matrix + BYTES * (row * columns + VECTOR * full)
            for lane in range(rest):
                put(into, VECTOR * row + lane, get(start, lane))


@njit(nogil=True, error_model="numpy")
def pack_columns(matrix, rows, columns, panels, panel_size):
    """Write the transpose of a row-major matrix (rows, columns) into panels of its rows, `panel_size` doubles
    apart."""
    for panel in range(panels_of(rows)):
        into = panels + BYTES * panel_size * panel
        first = VECTOR * panel
        lanes = min(VECTOR, rows - first)
        column = 0
        if lanes == VECTOR:
            while column + VECTOR <= columns:
                transpose_block(
                    matrix + BYTES * (first * columns + column), columns, into + BYTES * VECTOR * column
                )
                column += VECTOR
        for rest in range(column, columns):
            for lane in range(lanes):
                put(into, VECTOR * rest + lane, get(matrix, (first + lane) * columns + rest))
