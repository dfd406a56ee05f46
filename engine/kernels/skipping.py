"""Matrix products that leave out the terms whose factor is zero, and lose no bit by it.

The neurons of a layer of relus are silent for half of its samples, and a silent one's output and gradient are
zeros. In the sums over them, half of the terms are plus or minus zero. To add such a term changes nothing if

- the other factor is finite, for 0 times infinity is not a number, and
- the sum so far is not -0.0, for -0.0 + 0.0 is 0.0. It cannot be, unless it began as -0.0: x + y is -0.0
  only if both are (IEEE 754, rounding to nearest), and a term that is added has two factors that are not 0.
  Where their product underflows to -0.0, x + -0.0 is x.

So the sums are those of `engine.kernels.matmul`, bit for bit, for half of the work.
"""

from __future__ import annotations

from numba import njit, types

from engine.kernels.choice import typed
from engine.kernels.machine import strip_panels
from engine.kernels.memory import BYTES, get_word
from engine.kernels.nonzero import WORD
from engine.kernels.strip import multiply_strip
from engine.kernels.vectors import VECTOR

_MOST = strip_panels()

#: Columns of the widest strip.
STRIP = VECTOR * _MOST

#: Columns that fill half a strip, and as few terms as half a word: with less, tiles are as fast.
FEWEST_COLUMNS = VECTOR * max(1, _MOST // 2)
FEWEST_TERMS = WORD // 2


@njit(nogil=True, error_model="numpy")
def _multiply_add_some(shape, a, b, start, c, noted, soon):
    """Compute `c[r, j] = start[r, j] + sum of a[r, t] * b[t, j]` over the t that are noted for row r.

    `shape` is (rows r, columns j, terms t). Each matrix is an address and distances in doubles: `a` from row
    to row and from term to term; `b` from term to term; `start` from row to row and from panel to panel of 8
    columns; `c` from row to row. `noted` is what `engine.kernels.nonzero.note_rows` has written of `a`: an
    address, the words from row to row, and 1 if they descend, else 0. The terms are added in descending order
    then, from the last. `soon`, an address and a distance from row to row, is a matrix like `c` that will be
    read next: it is asked for meanwhile, so that it comes while there is something to do.

    All of `b` has to be finite, and `start` may have no -0.0; then the result is that of `multiply_add`.
    Columns of `b` and `start` are read by whole panels; only `c`'s own are written.
    """
    m, n, terms = shape
    a_address, a_row, a_step = a
    b_address, b_step = b
    start_address, start_row, start_panel = start
    c_address, c_row = c
    words, words_row, descends = noted
    soon_address, soon_row = soon
    panels = (n + VECTOR - 1) // VECTOR
    count = (terms + WORD - 1) // WORD
    way = -1 if descends else 1
    panel, strips = 0, (panels + _MOST - 1) // _MOST
    while strips > 0:
        wide = (panels - panel + strips - 1) // strips
        lanes = min(VECTOR, n - VECTOR * (panel + wide - 1))
        into = c_address + BYTES * VECTOR * panel
        so_far, so_far_row, so_far_panel = start_address + BYTES * panel * start_panel, start_row, start_panel
        for place in range(count):
            word = count - 1 - place if descends else place
            term = WORD * word + WORD - 1 if descends else WORD * word
            for row in range(m):
                multiply_strip(
                    wide,
                    get_word(words, words_row * row + word),
                    a_address + BYTES * (a_row * row + a_step * term),
                    a_step * way,
                    b_address + BYTES * (b_step * term + VECTOR * panel),
                    b_step * way,
                    so_far + BYTES * so_far_row * row,
                    so_far_panel,
                    into + BYTES * c_row * row,
                    lanes,
                    soon_address + BYTES * (soon_row * row + VECTOR * panel),
                )
            so_far, so_far_row, so_far_panel = into, c_row, VECTOR
        panel += wide
        strips -= 1


def _integers(count):
    return types.UniTuple(types.int64, count)


multiply_add_some = typed(
    _multiply_add_some,
    [_integers(3), _integers(3), _integers(2), _integers(3), _integers(2), _integers(3), _integers(2)],
)
