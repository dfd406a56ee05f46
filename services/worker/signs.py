"""Two signs between the worker's main process and its children, in memory that they share.

`stopping` goes down: the main process was told to end, so the children hand their jobs back. `stir` goes
up: a child is alive and busy. Both are single stores of aligned memory and need no lock.
"""

from __future__ import annotations

import mmap
import time

_STOPPING = 0  # index of the one byte
_STIRRED = 1  # index of the double, counted in doubles


class Signs:
    """Made before the children are forked, who inherit it."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self._doubles = memoryview(self._memory).cast("d")
        self.stir()

    @property
    def stopping(self) -> bool:
        """Whether the worker is to end."""
        return self._memory[_STOPPING] != 0

    def stop(self) -> None:
        """Say that the worker is to end; safe in a signal handler."""
        self._memory[_STOPPING] = 1

    def stir(self) -> None:
        """Say that a child is doing something, now."""
        self._doubles[_STIRRED] = time.monotonic()

    def quiet_seconds(self) -> float:
        """Return how long no child has done anything. The monotonic clock is the same in every process."""
        return time.monotonic() - self._doubles[_STIRRED]
