"""Matrices laid out for the tiles: panels of 8 columns, each panel's rows one after the other, padded with
zeros.

A tile then reads its vectors from one contiguous stream, whatever the width of the matrix, and never past its
end.
"""

from __future__ import annotations

from numba import njit

from engine.kernels.memory import BYTES, get, put
from engine.kernels.transpose import fetch_row, move_part, move_row, transpose_block, transpose_part
from engine.kernels.vectors import VECTOR

#: Rows that are asked for ahead of the one that is moved.
_AHEAD = 16

#: Weights so few that moving them one by one is faster.
_FEW = 32


@njit(nogil=True, error_model="numpy")
def pack_neurons(biases, weights, inputs, outputs, panels):
    """Write a layer's parameters into panels of 8 neurons each: a row of biases, then a row per input.

    The bias is then where the sum of a neuron starts. `weights` has a row per neuron.
    """
    panel_size = VECTOR * (inputs + 1)
    if outputs <= VECTOR and inputs * outputs <= _FEW:
        for neuron in range(outputs):
            put(panels, neuron, get(biases, neuron))
            for weight in range(inputs):
                put(panels, VECTOR * (weight + 1) + neuron, get(weights, inputs * neuron + weight))
    else:
        pack_rows(biases, outputs, 1, outputs, panels, panel_size)
        pack_columns(weights, outputs, inputs, panels + BYTES * VECTOR, panel_size)


@njit(nogil=True, error_model="numpy")
def pack_rows(matrix, distance, rows, columns, panels, panel_size):
    """Write a matrix, its rows `distance` doubles apart, into panels of its columns, `panel_size` apart."""
    whole = columns // VECTOR
    for row in range(rows):
        source, into = matrix + BYTES * row * distance, panels + BYTES * VECTOR * row
        for panel in range(whole):
            fetch_row(source + BYTES * (_AHEAD * distance + VECTOR * panel))
            move_row(source + BYTES * VECTOR * panel, into + BYTES * panel_size * panel)
    panel = whole
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
