"""Celery's pool of processes, without a leak.

The pool watches each process by a file descriptor. It forgets to close that of a process that died with a
task when the connection to the broker is lost at the same time, and so a worker whose nights are bad would
run out of descriptors.
"""

from __future__ import annotations

from typing import Any

from celery.concurrency import prefork
from celery.concurrency.asynpool import AsynPool


class Processes(AsynPool):  # type: ignore[misc]
    """Processes of which nothing stays open once they are dead."""

    def register_with_event_loop(self, hub: Any) -> None:
        """Be served by `hub`, again after each time that the broker was lost."""
        self._hub = hub
        super().register_with_event_loop(hub)

    def on_partial_read(self, job: Any, proc: Any) -> None:
        """Replace the pipes of `proc`, which died while it had `job`, and stop watching it."""
        super().on_partial_read(job, proc)
        self._untrack_child_process(proc, self._hub)


class TaskPool(prefork.TaskPool):  # type: ignore[misc]
    """Celery's `prefork`, with these processes."""

    Pool = Processes
