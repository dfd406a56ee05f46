"""The code of a function of many outputs from that of a few, where the function treats them all alike.

Such a function makes the same few instructions for every output, and so do its gradients: the code is
loops, written out. In three codes, each one step of outputs on from the one before, the loops are found, and
with them how every number in them grows with the turn and with the step. The third code has to come out as
the first two say; what does not is not extended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.compiler.code import Code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

#: Most rows of a turn. Three turns are the fewest that can be told from chance.
_LONGEST = 16


@dataclass(frozen=True, slots=True, eq=False)
class _Loop:
    """Rows that come again and again: the first turn's, what is added to them turn by turn, and how often."""

    first: NDArray[np.int64]
    step: NDArray[np.int64]
    turns: int


@dataclass(frozen=True, slots=True, eq=False)
class Extension:
    """How the code of a function grows with its outputs: two codes, one step apart, and their loops."""

    codes: tuple[Code, Code]
    loops: tuple[Sequence[_Loop], Sequence[_Loop]]

    def code(self, steps: int) -> Code:
        """Return the code that is so many steps on from the first."""
        one, two = self.codes
        return Code(
            self._instructions(steps),
            values=one.values + steps * (two.values - one.values),
            inputs=one.inputs + steps * (two.inputs - one.inputs),
            outputs=one.outputs + steps * (two.outputs - one.outputs),
            constants=one.constants,
            temporaries=one.temporaries + steps * (two.temporaries - one.temporaries),
        )

    def _instructions(self, steps: int) -> NDArray[np.int64]:
        parts = []
        for one, two in zip(*self.loops, strict=True):
            first = one.first + steps * (two.first - one.first)
            turns = one.turns + steps * (two.turns - one.turns)
            parts.append((first + np.arange(turns)[:, None, None] * one.step).reshape(-1, first.shape[1]))
        return np.concatenate(parts)


def extension(one: Code, two: Code, three: Code) -> Extension | None:
    """Return how three codes of a function grow, each one step on from the one before.

    None if they show no loops.
    """
    loops = list(_loops(one.instructions)), list(_loops(two.instructions))
    if not _alike(*loops):
        return None
    found = Extension((one, two), loops)
    return found if _same(found.code(1), two) and _same(found.code(2), three) else None


def _loops(table: NDArray[np.int64]) -> Iterator[_Loop]:
    """Yield the table's rows as loops; a row that is none's is a loop of one turn."""
    lengths = range(1, _LONGEST + 1)
    turns_of = {length: _turns(table, length) for length in lengths}
    at = 0
    while at < len(table):
        length = max(lengths, key=lambda length: length * turns_of[length][at])
        turns = turns_of[length][at]
        if turns:
            first, second = table[at : at + length], table[at + length : at + 2 * length]
            yield _Loop(first, second - first, turns)
        else:
            first = table[at : at + 1]
            yield _Loop(first, np.zeros_like(first), 1)
        at += length * turns or 1


def _turns(table: NDArray[np.int64], length: int) -> list[int]:
    """Return how many turns of this length the loop has that begins at each row, 0 if there is none."""
    steps = table[length:] - table[:-length]
    same = (steps[length:] == steps[:-length]).all(axis=1).tolist()
    turns, rows = [0] * len(table), 0
    for at in reversed(range(len(same))):
        rows = rows + 1 if same[at] else 0
        if rows >= length:
            turns[at] = 2 + rows // length
    return turns


def _alike(one: Sequence[_Loop], two: Sequence[_Loop]) -> bool:
    """Whether two codes are the same loops, but for where their numbers begin and how often they turn."""
    return len(one) == len(two) and all(np.array_equal(a.step, b.step) for a, b in zip(one, two, strict=True))


def _same(one: Code, two: Code) -> bool:
    """Whether two codes are the same, to the bits of their constants."""
    return _counts(one) == _counts(two) and np.array_equal(one.instructions, two.instructions)


def _counts(code: Code) -> tuple[object, ...]:
    return code.values, code.inputs, code.outputs, code.temporaries, *map(float.hex, code.constants)
