"""Tells waiting requests when their job has changed: one thread and one small query for all of them.

Had every request its own loop, two hundred of them would keep a core busy with reading jobs that do not
change (measured: docs/decisions/http-server.md).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from services.api.presence import never
from services.errors import Unavailable

#: Seconds of the first pause: a small job is done in a few milliseconds.
FIRST_PAUSE = 0.002
#: Seconds of the longest pause: how late a change may be noticed, and what bounds the queries per second.
LONGEST_PAUSE = 0.1
#: Each pause is this many times the one before; a new request begins with short ones again.
GROWTH = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    job_id: str
    version: int
    is_gone: Callable[[], bool]
    is_over: threading.Event = field(default_factory=threading.Event)


class Watcher:
    """Watches the versions of jobs for any number of threads.

    `look` returns the versions of the jobs that there are. The thread lives while somebody waits.
    """

    def __init__(
        self, look: Callable[[Collection[str]], Mapping[str, int]], is_stopping: Callable[[], bool]
    ) -> None:
        self._look = look
        self._is_stopping = is_stopping
        self._lock = threading.Lock()
        self._waiters: set[_Waiter] = set()
        self._newcomer = threading.Event()
        self._is_running = False

    def wait(self, job_id: str, version: int, seconds: float, is_gone: Callable[[], bool] = never) -> None:
        """Return when the job no longer has this version, after `seconds`, or when client or service is gone.

        Returns early when the store cannot be read: whoever looks then will learn why.
        """
        waiter = _Waiter(job_id, version, is_gone)
        with self._lock:
            self._waiters.add(waiter)
            self._newcomer.set()
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._watch, name="watcher", daemon=True).start()
        waiter.is_over.wait(seconds)
        with self._lock:
            self._waiters.discard(waiter)

    def _watch(self) -> None:
        pause = FIRST_PAUSE
        while waiters := self._current():
            for waiter in self._over(waiters):
                waiter.is_over.set()
            pause = FIRST_PAUSE if self._newcomer.is_set() else min(pause * GROWTH, LONGEST_PAUSE)
            self._newcomer.clear()
            self._newcomer.wait(pause)

    def _current(self) -> list[_Waiter]:
        with self._lock:
            waiters = [waiter for waiter in self._waiters if not waiter.is_over.is_set()]
            self._is_running = bool(waiters)
            return waiters

    def _over(self, waiters: list[_Waiter]) -> list[_Waiter]:
        if self._is_stopping():
            return waiters
        try:
            versions = self._look({waiter.job_id for waiter in waiters})
        except Unavailable:
            return waiters
        return [
            waiter for waiter in waiters if versions.get(waiter.job_id) != waiter.version or waiter.is_gone()
        ]
