"""Matrices laid out for tiles and strips: rows that follow each other, filled up to whole panels of 8 columns
with zeros.

Vectors are then read from one contiguous stream, whatever the width of the matrix, and never past its end.
"""

from __future__ import annotations

from numba import njit

from engine.kernels.machine import NEAREST
from engine.kernels.memory import BYTES, get, put
from engine.kernels.transpose import fetch_row, move_part, move_row, transpose_block, transpose_part
from engine.kernels.vectors import VECTOR

#: Rows that are asked for ahead of the one that is moved, and vectors ahead of the one that is transposed.
_ROWS_AHEAD, _VECTORS_AHEAD = 2, 4

#: Numbers so few that moving them one by one is faster.
_FEW = 32


@njit(inline="always")
def packed_width(columns):
    """Return the doubles of a packed row."""
    return (columns + VECTOR - 1) // VECTOR * VECTOR


@njit(nogil=True, error_model="numpy")
def pack_rows(matrix, distance, rows, columns, packed):
    """Write a matrix whose rows are `distance` doubles apart."""
    width = packed_width(columns)
    whole = columns // VECTOR
    lanes = columns - VECTOR * whole
    for row in range(rows):
        source, into = matrix + BYTES * row * distance, packed + BYTES * width * row
        for panel in range(whole):
            fetch_row(source + BYTES * (_ROWS_AHEAD * distance + VECTOR * panel))
            move_row(source + BYTES * VECTOR * panel, into + BYTES * VECTOR * panel)
        if lanes > 0:
            move_part(source + BYTES * VECTOR * whole, into + BYTES * VECTOR * whole, lanes)


@njit(nogil=True, error_model="numpy")
def pack_columns(matrix, distance, rows, columns, packed):
    """Write the transpose of a matrix (rows, columns) whose rows are `distance` doubles apart."""
    if rows <= VECTOR and rows * columns <= _FEW:
        for row in range(rows):
            for column in range(columns):
                put(packed, VECTOR * column + row, get(matrix, distance * row + column))
        return
    turn(matrix, distance, rows, columns, packed, packed_width(rows))


@njit(nogil=True, error_model="numpy")
def turn(matrix, distance, rows, columns, into, width):
    """Write the transpose of a matrix, filled up to whole panels, its rows `width` doubles apart."""
    is_far = rows * distance > NEAREST
    whole_rows, whole_columns = rows // VECTOR * VECTOR, columns // VECTOR * VECTOR
    # Along the rows: lines of one column would, where rows are 4 KiB apart, all go to one set of the cache.
    for row in range(0, whole_rows, VECTOR):
        source, target = matrix + BYTES * distance * row, into + BYTES * row
        for column in range(0, whole_columns, VECTOR):
            block = source + BYTES * column
            if is_far:
                _fetch_block(block + BYTES * VECTOR * _VECTORS_AHEAD, distance)
            transpose_block(block, distance, target + BYTES * width * column, width)
    for row in range(0, rows, VECTOR):
        lanes = min(VECTOR, rows - row)
        for column in range(0 if lanes < VECTOR else whole_columns, columns, VECTOR):
            block, across = matrix + BYTES * (distance * row + column), min(VECTOR, columns - column)
            transpose_part(block, distance, into + BYTES * (width * column + row), width, lanes, across)


@njit(inline="always")
def _fetch_block(matrix, distance):
    for row in range(VECTOR):
        fetch_row(matrix + BYTES * distance * row)
