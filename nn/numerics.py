"""The exact arithmetic that everything with a bit to lose shares: the order of sums, in one place.

`docs/numerics.md` is the contract; this file is its shortest part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Names the arithmetic: order of sums, elementary functions, random draws. Any changed bit raises it.
NUMERICS_VERSION = 1

#: Lanes of `laned_sum`: one vector register of eight doubles, the widest there is today.
LANES = 8


def ordered_sum(rows: Floats) -> Floats:
    """Return the sum of the rows of `rows` (n, ...), n >= 1, added one after the other from the first.

    `np.sum` adds pairwise in an order that depends on shape and version; `np.add.accumulate` is a
    running sum and so has only this one.
    """
    total: Floats = np.add.accumulate(rows, axis=0)[-1]
    return total


def laned_sum(terms: Floats) -> float:
    """Return the sum of non-negative terms (n,): term k goes to lane k % 8, the lanes are added in pairs."""
    padded = np.zeros((1 + -(-terms.size // LANES), LANES))
    padded[1:].ravel()[: terms.size] = terms
    lane = ordered_sum(padded).tolist()
    total: float = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]))
    return total
