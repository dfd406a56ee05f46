"""Places for those who may be slow: some of the threads are never theirs.

A client that sends its body slowly, and a reader of an event stream, hold a thread. However many there are,
an eighth of the threads stays free of them, for requests that only read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

#: One thread of so many is never theirs, and at least one, where there are two.
_SHARE_OF_THREADS = 8


class Places:
    """Counts who is in."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._taken = 0

    @property
    def taken(self) -> int:
        """How many places are taken now."""
        return self._taken

    def enter(self) -> Callable[[], None] | None:
        """Take a place; return what gives it back and may be called more than once. None: there is none."""
        with self._lock:
            if self._taken >= self.most:
                return None
            self._taken += 1
        is_in = threading.Lock()

        def leave() -> None:
            if is_in.acquire(blocking=False):
                with self._lock:
                    self._taken -= 1

        return leave


def for_the_slow(threads: int) -> Places:
    """Return the places among so many threads that slow clients may take."""
    return Places(max(1, threads - max(1, threads // _SHARE_OF_THREADS)))
