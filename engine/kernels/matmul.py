"""Matrix products whose every sum is added in order, cut into tiles that stay in registers."""

from __future__ import annotations

from numba import njit

from engine.kernels.machine import tile_rows
from engine.kernels.tile import VECTOR, multiply_tile

_ROWS = tile_rows()
_BYTES = 8


@njit(nogil=True, error_model="numpy")
def multiply_add(
    m, n, steps, a, a_row, a_step, b, b_step, b_panel, start, start_row, start_panel, c, c_row
):
    """Compute `c[r, j] = start[r, j] + sum over t of a[r, t] * b[t, j]` for r < m, j < n, terms in the order of t.

    a, b, start and c are addresses. Element [r, t] of `a` is at `r * a_row + t * a_step` doubles, so that a transpose
    or a descending order is a matter of distances. `b` is in panels of 8 columns: [t, 8 p + lane] is at
    `p * b_panel + t * b_step + lane`. A row of `start` or `c` is contiguous; `start_row` 0 begins every row alike.
    """
    panels = (n + VECTOR - 1) // VECTOR
    panel = 0
    while panel < panels:
        wide = 1
        if m == 1 and panels - panel >= 4:
            wide = 4
        elif m <= 2 and panels - panel >= 2:
            wide = 2
        column = panel * VECTOR
        lanes = min(VECTOR, n - column - (wide - 1) * VECTOR)
        row = 0
        tiles = (m + _ROWS - 1) // _ROWS
        while tiles > 0:
            rows = (m - row + tiles - 1) // tiles
            multiply_tile(
                rows,
                wide,
                steps,
                a + _BYTES * row * a_row,
                a_row,
                a_step,
                b + _BYTES * panel * b_panel,
                b_step,
                b_panel,
                start + _BYTES * (panel * start_panel + row * start_row),
                start_row,
                start_panel,
                c + _BYTES * (column + row * c_row),
                c_row,
                lanes,
            )
            row += rows
            tiles -= 1
        panel += wide
