"""Matrix products whose every sum is added in order, cut into tiles that stay in registers."""

from __future__ import annotations

from numba import njit, types

from engine.kernels.choice import typed
from engine.kernels.machine import tile_rows
from engine.kernels.memory import BYTES
from engine.kernels.tile import NARROW, NARROW_PANEL, multiply_tile
from engine.kernels.vectors import VECTOR

_ROWS = tile_rows()


@njit(nogil=True, error_model="numpy")
def _multiply_add(shape, a, b, start, c):
    """Compute `c[r, j] = start[r, j] + sum over t of a[r, t] * b[t, j]`, the terms added in the order of t.

    `shape` is (rows r, columns j, terms t). Each matrix is an address and distances in doubles: `a` from row
    to row and from term to term, so that a transpose or a descending order costs nothing; `b` from term to
    term and from panel to panel of 8 columns; `start` from row to row (0 begins every row alike) and from
    panel to panel; `c` from row to row, its columns are contiguous. Only `c`'s own columns are written;
    panels of `b` and `start` are read whole.
    """
    m, n, terms = shape
    a_address, a_row, a_step = a
    b_address, b_step, b_panel = b
    start_address, start_row, start_panel = start
    c_address, c_row = c
    panels = (n + VECTOR - 1) // VECTOR
    most = (m + _ROWS - 1) // _ROWS
    panel = 0
    while panel < panels:
        wide = _panels_at_once(m, panels - panel)
        lanes = min(VECTOR, n - VECTOR * (panel + wide - 1))
        size = NARROW_PANEL if wide == 1 and lanes <= NARROW else wide
        row, tiles = 0, most
        while tiles > 0:
            rows = m - row if tiles == 1 else (m - row + tiles - 1) // tiles
            multiply_tile(
                rows,
                size,
                terms,
                a_address + BYTES * row * a_row,
                a_row,
                a_step,
                b_address + BYTES * panel * b_panel,
                b_step,
                b_panel,
                start_address + BYTES * (panel * start_panel + row * start_row),
                start_row,
                start_panel,
                c_address + BYTES * (VECTOR * panel + row * c_row),
                c_row,
                lanes,
            )
            row += rows
            tiles -= 1
        panel += wide


@njit(inline="always")
def _panels_at_once(rows, panels):
    """Return how many panels a tile takes: several if its rows alone would leave the adders waiting."""
    if rows == 1 and panels >= 4:
        return 4
    return 2 if rows <= 2 and panels >= 2 else 1


def _integers(count):
    return types.UniTuple(types.int64, count)


multiply_add = typed(_multiply_add, [_integers(3), _integers(3), _integers(3), _integers(3), _integers(2)])
