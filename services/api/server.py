"""One API process: granian, which serves the application with threads and ends cleanly.

granian's main process holds the socket and one child serves; measured against others in
docs/decisions/http-server.md.
"""

from __future__ import annotations

import math
import multiprocessing
import os
from functools import partial
from multiprocessing.synchronize import Event
from typing import TYPE_CHECKING, Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import MPServer

from services import leash, logs
from services.api.app import create_app
from services.doorbell import Doorbell
from services.exposure import notices
from services.store import Store

if TYPE_CHECKING:
    from flask import Flask

    from services.settings import Settings

log = logs.get_logger(__name__)

#: granian's own lines go where ours go; it would write them to standard output.
_LOGGING: dict[str, Any] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}},
}


def run(settings: Settings) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit code of the process.

    Requests under way are finished first, for `shutdown_seconds` at most; long polls are answered at once.
    """
    logs.setup(settings.log_format, level=settings.log_level)
    for line in notices(settings):
        log.warning(line)
    stopping = multiprocessing.Event()
    server = _Server(
        stopping,
        "gradqueue",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        blocking_threads=settings.api_threads,
        workers_kill_timeout=math.ceil(settings.shutdown_seconds),
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
    )
    server.serve(target_loader=partial(_load, settings, stopping, os.getpid()), wrap_loader=False)
    return 0


class _Server(MPServer):
    """Says that it is stopping before it asks its child to finish what is under way."""

    def __init__(self, stopping: Event, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._stopping = stopping

    def signal_handler_interrupt(self, *args: Any, **options: Any) -> None:
        self._stopping.set()
        super().signal_handler_interrupt(*args, **options)  # type: ignore[no-untyped-call]


def _load(settings: Settings, stopping: Event, parent: int) -> Flask:
    """Make the application, in the child: connections must not be made before a fork."""
    leash.end_with_parent(parent)
    logs.setup(settings.log_format, level=settings.log_level)
    store = Store(settings.store_url, settings)
    return create_app(store, Doorbell(settings), settings, is_stopping=stopping.is_set)
