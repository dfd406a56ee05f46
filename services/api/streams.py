"""How many event streams this process serves, and how many of them look into the store at the same time.

Each stream takes a thread, and looks into the store again and again; other requests need threads and
connections too. Two hundred streams that read a long curve at once would leave them none (measured:
docs/decisions/event-streams.md).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from services.api.problems import ProtocolError

if TYPE_CHECKING:
    from services.settings import Settings

#: An eighth of the threads are never a stream's.
_SHARE_OF_THREADS = 8
#: A quarter of the connections are the most that streams use.
_SHARE_OF_CONNECTIONS = 4


class Streams:
    """The places for streams of one process. `turn` is held by a stream while it looks into the store."""

    def __init__(self, settings: Settings) -> None:
        threads = settings.api_threads
        self._most = max(1, min(settings.limits.streams, threads - threads // _SHARE_OF_THREADS))
        self._lock = threading.Lock()
        self._open = 0
        self.turn: AbstractContextManager[bool] = threading.BoundedSemaphore(
            max(1, settings.database_pool // _SHARE_OF_CONNECTIONS)
        )

    @property
    def open(self) -> int:
        """How many streams there are now."""
        return self._open

    def enter(self) -> Callable[[], None]:
        """Take a place; return what gives it back, which may be called more than once.

        Raises:
            ProtocolError: there is none.
        """
        with self._lock:
            if self._open >= self._most:
                detail = f"{self._most} event streams are open already; try again later"
                raise ProtocolError("too_many_streams", detail)
            self._open += 1
        is_in = threading.Lock()

        def leave() -> None:
            if is_in.acquire(blocking=False):
                with self._lock:
                    self._open -= 1

        return leave
