"""A program of many outputs from those of a few, where a function treats them all alike.

Such a function makes the same few instructions for every output, and so do its gradients: the program is
loops, written out. In three programs, of one output more each, the loops are found, and with them how every
number in them grows with the turn and with the outputs. The third program has to come out as the first two
say; what does not is not extended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from engine.compiler.flat import Flat

#: Most rows of a turn. Three turns are the fewest that can be told from chance.
_LONGEST = 8


@dataclass(frozen=True, slots=True, eq=False)
class _Loop:
    """Rows that come again and again: the first turn's, what is added to them turn by turn, and how often."""

    first: NDArray[np.int64]
    step: NDArray[np.int64]
    turns: int


def extended(programs: Sequence[Flat], outputs: int) -> Flat | None:
    """Return the program of a function of so many outputs more than the first of three programs has.

    The three are those of the same function, of one output more each. None if they show no loops.
    """
    instructions = _extended([program.instructions for program in programs], outputs)
    results = _extended([program.outputs[:, None] for program in programs], outputs)
    counts = _extended([np.array([[program.values, program.inputs]]) for program in programs], outputs)
    same = all(program.constants == programs[0].constants for program in programs)
    if instructions is None or results is None or counts is None or not same:
        return None
    values, inputs = counts[0].tolist()
    return replace(
        programs[0], instructions=instructions, values=values, inputs=inputs, outputs=results[:, 0]
    )


def _extended(tables: Sequence[NDArray[np.int64]], more: int) -> NDArray[np.int64] | None:
    """Return the table that three tables of rows, each one step on from the one before, lead to."""
    one, two = (list(_loops(table)) for table in tables[:2])
    if not _alike(one, two):
        return None
    foreseen, wanted = (_written_out(one, two, steps) for steps in (2, more))
    return wanted if np.array_equal(foreseen, tables[2]) else None


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
    """Whether two tables are the same loops, but for where their numbers begin and how often they turn."""
    return len(one) == len(two) and all(np.array_equal(a.step, b.step) for a, b in zip(one, two, strict=True))


def _written_out(one: Sequence[_Loop], two: Sequence[_Loop], steps: int) -> NDArray[np.int64]:
    """Return the table that is so many steps on from the first of two."""
    parts = []
    for a, b in zip(one, two, strict=True):
        first, turns = a.first + steps * (b.first - a.first), a.turns + steps * (b.turns - a.turns)
        parts.append((first + np.arange(turns)[:, None, None] * a.step).reshape(-1, first.shape[1]))
    return np.concatenate(parts)
