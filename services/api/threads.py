"""The threads that serve requests: as many as are needed at once, up to a number, and none for ever."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

#: Seconds that a thread with nothing to do stays: longer than the pauses of a busy service.
IDLE_SECONDS = 30.0


class Threads:
    """Runs work in at most `most` threads; what finds none free waits for its turn.

    The standard library's `ThreadPoolExecutor` keeps every thread that it ever needed.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._ahead = 0  # free threads less waiting work

    def run(self, work: Callable[[], None]) -> None:
        """Have a thread do this, in a context of its own. It must not raise."""
        with self._lock:
            self._ahead -= 1
            is_needed = self._ahead < 0 and self._threads < self._most
            if is_needed:
                self._threads += 1
                self._ahead += 1
        self._work.put(work)
        if is_needed:
            threading.Thread(target=self._serve, name="request", daemon=True).start()

    def _serve(self) -> None:
        while (work := self._next()) is not None:
            contextvars.Context().run(work)
            with self._lock:
                self._ahead += 1

    def _next(self) -> Callable[[], None] | None:
        while True:
            try:
                return self._work.get(timeout=IDLE_SECONDS)
            except Empty:
                with self._lock:
                    if self._ahead > 0:  # else something has just been put, for this thread perhaps
                        self._ahead -= 1
                        self._threads -= 1
                        return None
