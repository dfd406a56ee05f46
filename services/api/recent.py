"""Numbers of the store that many ask for and that need not be of this very moment."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Number = TypeVar("Number")
Of = TypeVar("Of", bound=Hashable)

#: Seconds for which a count is good enough. To count 100,000 jobs takes up to half a second of the
#: database's time on a busy machine; so it is at most a tenth of it, however often somebody asks.
FRESH_SECONDS = 5.0


class Recent(Generic[Of, Number]):
    """Remembers what `count` returned for each argument for `FRESH_SECONDS`. Nothing is locked: two threads
    that come at the same moment both count."""

    def __init__(self, count: Callable[[Of], Number], clock: Callable[[], float] = time.monotonic) -> None:
        self._count = count
        self._clock = clock
        self._remembered: dict[Of, tuple[float, Number]] = {}

    def of(self, what: Of) -> Number:
        """Return the count, at most so old. What `count` raises is not remembered."""
        now = self._clock()
        known = self._remembered.get(what)
        if known is None or now - known[0] >= FRESH_SECONDS:
            known = now, self._count(what)
            # Whose count is old asks no more, or will have it counted again.
            fresh = {key: old for key, old in self._remembered.copy().items() if now - old[0] < FRESH_SECONDS}
            self._remembered = {**fresh, what: known}
        return known[1]
