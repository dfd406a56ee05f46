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

from services.api.places import Places
from services.api.problems import ProtocolError

if TYPE_CHECKING:
    from services.settings import Settings

#: A quarter of the connections are the most that streams use.
_SHARE_OF_CONNECTIONS = 4


class Streams:
    """The places for streams of one process. `turn` is held by a stream while it looks into the store."""

    def __init__(self, settings: Settings, slow: Places) -> None:
        self._slow = slow
        self._streams = Places(settings.limits.streams)
        self.turn: AbstractContextManager[bool] = threading.BoundedSemaphore(
            max(1, settings.database_pool // _SHARE_OF_CONNECTIONS)
        )

    @property
    def open(self) -> int:
        """How many streams there are now."""
        return self._streams.taken

    def enter(self) -> Callable[[], None]:
        """Take a place; return what gives it back, which may be called more than once.

        Raises:
            ProtocolError: there is none.
        """
        leave_streams = self._streams.enter()
        leave_slow = self._slow.enter() if leave_streams is not None else None
        if leave_streams is None or leave_slow is None:
            if leave_streams is not None:
                leave_streams()
            raise ProtocolError(
                "too_many_streams", f"{self.open} event streams are open already; try again later"
            )

        def leave() -> None:
            leave_streams()
            leave_slow()

        return leave
