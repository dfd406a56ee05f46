"""Which samples are held out for validation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nn.randomness import Purpose, generator, shuffled

if TYPE_CHECKING:
    from nn.numerics import Floats
    from nn.spec import ValidationSplit

Rows = NDArray[np.int64]


def split_rows(split: ValidationSplit, classes: Floats | None, rows: int, seed: int) -> tuple[Rows, Rows]:
    """Return the rows to train on and those held out, each in the data's order.

    `fraction * rows` of them, rounded half up, at least one and not all, are held out: the first in a random
    order. With `stratify` and `classes` (rows,), the class index of each sample, every class gives its share.

    Raises:
        ValueError: there are fewer than two rows.
    """
    if rows < 2:
        raise ValueError("one sample cannot be split")
    wanted = min(max(int(split.fraction * rows + 0.5), 1), rows - 1)
    order = shuffled(rows, generator(Purpose.VALIDATION_SPLIT, seed))
    if split.stratify and classes is not None:
        held_out = _first_of_each_class(order, classes.astype(np.int64).tolist(), wanted)
    else:
        held_out = order[:wanted]
    is_held_out = np.zeros(rows, dtype=bool)
    is_held_out[held_out] = True
    return np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)


def _first_of_each_class(order: list[int], classes: list[int], wanted: int) -> list[int]:
    left = _shares(classes, wanted)
    held_out: list[int] = []
    for row in order:
        if left[classes[row]]:
            left[classes[row]] -= 1
            held_out.append(row)
    return held_out


def _shares(classes: list[int], wanted: int) -> list[int]:
    """Return how many of each class to hold out: whole parts, then one each by largest remainder.

    A class that would lose its last sample for training comes last; of equals the lower index goes first.
    """
    counts = np.bincount(classes).tolist()
    shares = [wanted * count // len(classes) for count in counts]

    def urgency(index: int) -> tuple[bool, int, int]:
        remainder = wanted * counts[index] % len(classes)
        return counts[index] - shares[index] < 2, -remainder, index

    for index in sorted(range(len(counts)), key=urgency)[: wanted - sum(shares)]:
        shares[index] += 1
    return shares
