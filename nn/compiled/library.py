"""The code of all programs of a training, one after the other, with memory for their rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.compiler.code import COLUMNS, Code

if TYPE_CHECKING:
    from nn.compiled.arena import Arena, Piece

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shelved:
    """Where a program is: its instructions are begin .. end - 1, of which those before `values_end` compute
    values; its rows begin at `rows`."""

    begin: int
    values_end: int
    end: int
    rows: int


class Library:
    """Takes programs in, then gives the arrays that `engine.kernels.lanes.run_program` runs."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._codes: list[Code] = []
        self._pieces: list[list[Piece | None]] = []

    def shelve(self, code: Code, lanes: int, *, own_arguments: bool) -> Shelved:
        """Add a program for up to so many lanes; with `own_arguments` inputs and outputs get memory here,
        too."""
        begin = sum(len(each.instructions) for each in self._codes)
        rows = sum(each.rows for each in self._codes)
        arguments = code.inputs + code.outputs
        self._codes.append(code)
        self._pieces.append(
            [self._arena.reserve(lanes) if own_arguments else None for _ in range(arguments)]
            + [self._arena.reserve(lanes) for _ in range(code.rows - arguments)]
        )
        return Shelved(begin, begin + code.values, begin + len(code.instructions), rows)

    def instructions(self) -> Integers:
        """Return all instructions (n, 7)."""
        return np.concatenate(
            [np.empty((0, COLUMNS), np.int64), *(code.instructions for code in self._codes)]
        )

    def rows(self) -> Integers:
        """Return the addresses of all rows and fill those of constants; the arena has been allocated."""
        for code, pieces in zip(self._codes, self._pieces, strict=True):
            for piece, constant in zip(pieces[code.inputs + code.outputs :], code.constants, strict=False):
                if piece is not None:
                    piece.array[:] = constant
        return np.array(
            [0 if piece is None else piece.address for pieces in self._pieces for piece in pieces],
            dtype=np.int64,
        )
