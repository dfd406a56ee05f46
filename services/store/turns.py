"""Writers of one process wait for each other here, first come, first served."""

from __future__ import annotations

import threading
from collections import deque

from services.errors import Unavailable


class Turns:
    """A lock that is handed on in the order in which it was asked for; enter it to have one's turn.

    SQLite lets one write at a time and has the others sleep and try again, up to 0.1 s later. Under 64
    writing threads some waited for seconds while others passed them many times.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        """Wait for one's turn.

        Raises:
            Unavailable: it did not come within the seconds given.
        """
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            my_turn = threading.Event()
            self._waiting.append(my_turn)
        if my_turn.wait(self._seconds):
            return
        with self._guard:
            if my_turn.is_set():  # just now, after all
                return
            self._waiting.remove(my_turn)
        raise Unavailable("too many want to write to the database")

    def __exit__(self, *_: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
