"""Matrix products whose every sum is added in order, cut into tiles that stay in registers."""

from __future__ import annotations

from numba import njit, types

from engine.kernels.choice import typed
from engine.kernels.machine import tile_rows
from engine.kernels.memory import BYTES
from engine.kernels.tile import NARROW, NARROW_PANEL, multiply_tile
from engine.kernels.vectors import VECTOR

#: The most rows of a tile, by its panels.
_ROWS = (0, *tile_rows())

#: Rows with which a tile has sums enough to keep the adders busy, whatever its panels.
_ENOUGH = 4


@njit(nogil=True, error_model="numpy")
def _multiply_add(shape, a, b, start, c):
    """Compute `c[r, j] = start[r, j] + sum over t of a[r, t] * b[t, j]`, the terms added in the order of t.

    `shape` is (rows r, columns j, terms t). Each matrix is an address and distances in doubles: `a` from row
    to row and from term to term, so that a transpose or a descending order costs nothing; `b` from term to
    term; `start` from row to row (0 begins every row alike) and from panel to panel of 8 columns; `c` from
    row to row. The columns of `b` and `c` are contiguous. Those of `b` and `start` are read by whole panels;
    only `c`'s own are written.
    """
    m, n, terms = shape
    a_address, a_row, a_step = a
    b_address, b_step = b
    start_address, start_row, start_panel = start
    c_address, c_row = c
    if n <= VECTOR and m <= _ROWS[1]:  # one tile, which is all there is to small networks
        size = NARROW_PANEL if n <= NARROW else 1
        multiply_tile(
            m,
            size,
            terms,
            a_address,
            a_row,
            a_step,
            b_address,
            b_step,
            start_address,
            start_row,
            start_panel,
            c_address,
            c_row,
            n,
        )
        return
    panels = (n + VECTOR - 1) // VECTOR
    panel = 0
    while panel < panels:
        wide = _panels_at_once(m, panels - panel)
        lanes = min(VECTOR, n - VECTOR * (panel + wide - 1))
        size = NARROW_PANEL if wide == 1 and lanes <= NARROW else wide
        row, tiles = 0, (m + _ROWS[wide] - 1) // _ROWS[wide]
        while tiles > 0:
            rows = m - row if tiles == 1 else (m - row + tiles - 1) // tiles
            multiply_tile(
                rows,
                size,
                terms,
                a_address + BYTES * row * a_row,
                a_row,
                a_step,
                b_address + BYTES * VECTOR * panel,
                b_step,
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
    """Return how many panels a tile takes: as many as it can with these rows, or with enough of them."""
    for wide in (4, 3, 2):
        if wide <= panels and _ROWS[wide] >= min(rows, _ENOUGH):
            return wide
    return 1


#: The panels of the tiles that most of a large product is cut into.
PANELS: int = _panels_at_once.py_func(_ENOUGH, VECTOR)


def _integers(count):
    return types.UniTuple(types.int64, count)


multiply_add = typed(_multiply_add, [_integers(3), _integers(3), _integers(2), _integers(3), _integers(2)])
