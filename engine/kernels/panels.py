"""Matrices laid out for the tiles: panels of 8 columns, each panel's rows one after the other, padded with
zeros.

A tile then reads its vectors from one contiguous stream, whatever the width of the matrix, and never past its
end.
"""

from __future__ import annotations

from numba import njit

from engine.kernels.memory import BYTES
from engine.kernels.transpose import move_part, move_row, transpose_block, transpose_part
from engine.kernels.vectors import VECTOR


@njit(nogil=True, error_model="numpy")
def pack_rows(matrix, distance, rows, columns, panels, panel_size):
    """Write a matrix, its rows `distance` doubles apart, into panels of its columns, `panel_size` apart."""
    panel = 0
    while VECTOR * (panel + 1) <= columns:
        source, into = matrix + BYTES * VECTOR * panel, panels + BYTES * panel_size * panel
        for row in range(rows):
            move_row(source + BYTES * row * distance, into + BYTES * VECTOR * row)
        panel += 1
    lanes = columns - VECTOR * panel
    if lanes > 0:
        source, into = matrix + BYTES * VECTOR * panel, panels + BYTES * panel_size * panel
        for row in range(rows):
            move_part(source + BYTES * row * distance, into + BYTES * VECTOR * row, lanes)


@njit(nogil=True, error_model="numpy")
def pack_columns(matrix, rows, columns, panels, panel_size):
    """Write the transpose of a row-major matrix (rows, columns) into panels of its rows, `panel_size` doubles
    apart."""
    for first in range(0, rows, VECTOR):
        lanes = min(VECTOR, rows - first)
        source, into = matrix + BYTES * first * columns, panels
        panels += BYTES * panel_size
        column = 0
        if lanes == VECTOR:
            while column + VECTOR <= columns:
                transpose_block(source + BYTES * column, columns, into + BYTES * VECTOR * column)
                column += VECTOR
        while column < columns:
            across = min(VECTOR, columns - column)
            transpose_part(source + BYTES * column, columns, into + BYTES * VECTOR * column, lanes, across)
            column += VECTOR
