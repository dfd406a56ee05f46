"""What silence means: a lost worker, or an outage in which nobody could speak.

While the database is away, and while a whole machine stands still, no lease can be renewed. When that is
over all of them have run out, though nobody was lost. A sweeper that took the jobs back then would count
an attempt as lost that is well, and a job with its last attempt would fail for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Vigil:
    """Tells a sweeper whether it has been watching for long enough to judge by a lease that ran out."""

    def __init__(
        self, patience_seconds: float, *, gap_seconds: float, clock: Callable[[], float] = time.time
    ) -> None:
        """Silence counts after `patience_seconds` of sweeps that are never more than `gap_seconds` apart.

        `clock` is wall time, because the monotonic clock of a suspended machine stands still as well.
        """
        self._patience = patience_seconds
        self._gap = gap_seconds
        self._clock = clock
        self._began: float | None = None
        self._looked = 0.0

    def look(self) -> bool:
        """Note that the store answers now; return whether who is silent now has had the time to speak."""
        now = self._clock()
        if self._began is None or not 0.0 <= now - self._looked <= self._gap:
            self._began = now
        self._looked = now
        return now - self._began >= self._patience

    def interrupt(self) -> None:
        """Note that the store did not answer."""
        self._began = None
