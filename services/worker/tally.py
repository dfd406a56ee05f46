"""What the processes of a worker have counted, in memory that they share with its main process.

Each process writes to a row of its own, so nothing is locked: a process that is killed while it counts can
neither block the others nor leave nonsense. The process that takes its place goes on in the same row. The
main process adds the rows up and stores the sums at every sweep: docs/decisions/telemetry.md.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from typing import TypedDict

from services.workers import FLUSH_SECONDS

_EPOCHS, _CLAIMS, _FLUSH_SECONDS, _FIRST_CLASS = range(4)
_WIDTH = _FIRST_CLASS + len(FLUSH_SECONDS) + 1
_BYTES = 8  # of a double


class Counted(TypedDict):
    """The sums since the worker started. `flushes` counts them by class of `FLUSH_SECONDS`."""

    epochs: int
    claims: int
    flush_seconds: float
    flushes: list[int]


class Tally:
    """What one process has counted: a row of doubles."""

    def __init__(self, row: memoryview[float] | None = None) -> None:
        """Count in `row`, or where nobody looks."""
        self._row = memoryview(bytearray(_WIDTH * _BYTES)).cast("d") if row is None else row

    def claimed(self) -> None:
        """Count a job claimed."""
        self._row[_CLAIMS] += 1

    def trained(self, epochs: int) -> None:
        """Count epochs trained, stored or not."""
        self._row[_EPOCHS] += epochs

    def flushed(self, seconds: float) -> None:
        """Count a flush that took so long, whether it succeeded or not."""
        self._row[_FLUSH_SECONDS] += seconds
        self._row[_FIRST_CLASS + bisect_left(FLUSH_SECONDS, seconds)] += 1


class Tallies:
    """The rows of all processes of a worker. Made before they are forked, who inherit it."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._doubles = memoryview(mmap.mmap(-1, processes * _WIDTH * _BYTES)).cast("d")

    def of(self, index: int) -> Tally:
        """Return the tally of the process in place `index` of the pool, counted from 0."""
        first = index % self._processes * _WIDTH
        return Tally(self._doubles[first : first + _WIDTH])

    def counted(self) -> Counted:
        """Return the sums over all processes, dead ones included."""
        sums = [sum(self._doubles[column::_WIDTH]) for column in range(_WIDTH)]
        return {
            "epochs": round(sums[_EPOCHS]),
            "claims": round(sums[_CLAIMS]),
            "flush_seconds": sums[_FLUSH_SECONDS],
            "flushes": [round(number) for number in sums[_FIRST_CLASS:]],
        }
