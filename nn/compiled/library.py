"""The code of all programs of a training, one after the other, with memory for their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.compiler.code import COLUMNS, Code, assemble
from nn.compiled.kernels.elementwise import UNKNOWN, number_of

if TYPE_CHECKING:
    from engine.compiler.program import Program
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

    number: int
    code: Code
    begin: int
    pieces: tuple[Piece, ...]


class Library:
    """Takes programs in, then gives the arrays that `nn.compiled.kernels.elementwise.run` runs."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._books: dict[tuple[str, int], _Book] = {}
        self._rows: list[Piece | None] = []

    def shelve(self, program: Program, lanes: int, arguments: Sequence[Piece | None]) -> Shelved:
        """Add a program for up to so many lanes; `arguments` are the rows of its inputs and outputs, None for
        one that it does not use. Programs that are the same share their code and the rest of their memory."""
        key = str(program), lanes
        if key not in self._books:
            self._books[key] = self._book(program, lanes)
        book = self._books[key]
        rows = len(self._rows)
        self._rows += [*arguments, *book.pieces]
        code = book.code
        return Shelved(
            book.number, book.begin, book.begin + code.values, book.begin + len(code.instructions), rows
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

    def _book(self, program: Program, lanes: int) -> _Book:
        number, code = number_of(program), assemble(program)
        begin = sum(len(book.code.instructions) for book in self._books.values())
        # A known program keeps everything but its inputs and outputs in registers.
        own = code.rows - code.inputs - code.outputs if number == UNKNOWN else 0
        return _Book(number, code, begin, tuple(self._arena.reserve(lanes) for _ in range(own)))
