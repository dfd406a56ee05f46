"""One block of memory for all that a training needs, in pieces whose addresses never change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nn.numerics import Floats

#: Doubles in a cache line. Every piece begins with one.
LINE = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an arena, of use once the arena is allocated."""

    arena: Arena
    place: int
    doubles: int

    @property
    def address(self) -> int:
        """Where the piece is in memory."""
        return self.arena.address + self.arena.space.itemsize * self.place

    @property
    def array(self) -> Floats:
        """The piece (doubles,), which is zeros at first."""
        return self.arena.space[self.place : self.place + self.doubles]


class Arena:
    """Hands out pieces, then allocates them all at once."""

    def __init__(self) -> None:
        self._size = 0
        self.space: Floats = np.empty(0)
        self.address = 0

    def reserve(self, doubles: int) -> Piece:
        """Return the next piece of so many doubles.

        It is followed by a line of its own: a tile may read, though not use, up to seven doubles beyond a
        row.
        """
        piece = Piece(self, self._size, doubles)
        self._size += (-(-doubles // LINE) + 1) * LINE
        return piece

    def allocate(self) -> None:
        """Allocate all that was reserved."""
        space = np.zeros(self._size + LINE)
        self.space = space[(-space.ctypes.data // space.itemsize) % LINE :]
        self.address = self.space.ctypes.data
