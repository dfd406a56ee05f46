"""The code of all programs of a training, one after the other, with memory for their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.compiler.code import COLUMNS, Code
from nn.compiled.kernels.elementwise import UNKNOWN

if TYPE_CHECKING:
    from nn.compiled.arena import Arena, Piece

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shelved:
    """Where a program is: its number, if the kernels know it; its instructions begin .. end - 1, of which
    those before `values_end` compute values; and where its rows begin."""

    number: int
    begin: int
    values_end: int
    end: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Book:
    """A program's code, which begins at instruction `begin`, and rows for its constants and temporaries."""

    code: Code
    begin: int
    pieces: tuple[Piece, ...]


class Library:
    """Takes programs in, then gives the arrays that `nn.compiled.kernels.elementwise.run` runs."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._books: dict[tuple[Code, int], _Book] = {}
        self._rows: list[Piece | None] = []

    def shelve(
        self, code: Code, lanes: int, arguments: Sequence[Piece | None], number: int = UNKNOWN
    ) -> Shelved:
        """Add code for up to so many lanes; its `number` is the program's, if the kernels know it.

        `arguments` are the rows of its inputs and outputs, None for one that it does not use. Code that is
        added twice shares its instructions and the rest of its memory.
        """
        key = code, lanes
        if key not in self._books:
            self._books[key] = self._book(code, number, lanes)
        book = self._books[key]
        rows = len(self._rows)
        self._rows += [*arguments, *book.pieces]
        return Shelved(
            number, book.begin, book.begin + code.values, book.begin + len(code.instructions), rows
        )

    def instructions(self) -> Integers:
        """Return all instructions (n, 7)."""
        nothing = np.empty((0, COLUMNS), np.int64)
        return np.concatenate([nothing, *(book.code.instructions for book in self._books.values())])

    def rows(self) -> Integers:
        """Return the addresses of all rows and fill those of constants; the arena has been allocated."""
        for book in self._books.values():
            for piece, constant in zip(book.pieces, book.code.constants, strict=False):
                piece.array[:] = constant
        return np.array([0 if piece is None else piece.address for piece in self._rows], dtype=np.int64)

    def _book(self, code: Code, number: int, lanes: int) -> _Book:
        begin = sum(len(book.code.instructions) for book in self._books.values())
        # A known program keeps everything but its inputs and outputs in registers.
        own = code.rows - code.inputs - code.outputs if number == UNKNOWN else 0
        return _Book(code, begin, tuple(self._arena.reserve(lanes) for _ in range(own)))
