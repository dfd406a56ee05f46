"""How often, and how many at once: the requests of each API key, counted in this process.

A token bucket and a counter per key, in memory. Not in the broker, which may freeze or forget without any
harm, and a request must not wait for it: docs/decisions/rate-limits.md.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

#: Seconds after which to try again when too many requests are under way: nobody knows when one will end.
_LATER = 1.0


@dataclass(slots=True)
class _Visitor:
    tokens: float
    filled_at: float
    inside: int = 0


class Turnstile:
    """Lets each key in `per_second` times a second on average, in bursts of at most `burst`.

    At most `at_once` requests of a key are inside at the same time. A `per_second` or `at_once` of 0 is no
    limit. `clock` returns seconds.
    """

    def __init__(
        self, *, per_second: int, burst: int, at_once: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = max(burst, 1)
        self._at_once = at_once
        self._clock = clock
        self._lock = threading.Lock()
        # Only keys that exist get here, so it does not grow with what strangers send.
        self._visitors: dict[str, _Visitor] = {}

    def enter(self, key_id: str) -> float:
        """Let a request in, to `leave` later, and return 0; or return after how many seconds to try again."""
        with self._lock:
            now = self._clock()
            visitor = self._visitors.setdefault(key_id, _Visitor(self._burst, now))
            if self._at_once and visitor.inside >= self._at_once:
                return _LATER
            if self._per_second:
                gained = (now - visitor.filled_at) * self._per_second
                visitor.tokens, visitor.filled_at = min(self._burst, visitor.tokens + gained), now
                if visitor.tokens < 1.0:
                    return (1.0 - visitor.tokens) / self._per_second
                visitor.tokens -= 1.0
            visitor.inside += 1
            return 0.0

    def leave(self, key_id: str) -> None:
        """Say that a request which was let in is over."""
        with self._lock:
            self._visitors[key_id].inside -= 1
