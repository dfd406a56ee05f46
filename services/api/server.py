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

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from services import leash, logs
from services.api.app import create_app
from services.api.client import Patience
from services.api.connections import Connections
from services.api.gateway import Gateway
from services.api.supervision import supervise
from services.api.threads import Threads
from services.doorbell import Doorbell
from services.exposure import notices
from services.store import Store

if TYPE_CHECKING:
    from services.settings import Settings

log = logs.get_logger(__name__)

#: The headers of a request, and the next request of a connection, may take so many times the silence that a
#: client is allowed: programs keep connections open to use them again.
_HEADERS_SILENCES = 2

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
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,  # for what may become HTTP/2, granian waits for ever
        http1_settings=HTTP1Settings(
            header_read_timeout=round(_HEADERS_SILENCES * settings.client_silence_seconds * 1000)
        ),
        websockets=False,
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


def _load(settings: Settings, stopping: Event, parent: int) -> Gateway:
    """Make the application, in the child: connections must not be made before a fork."""
    leash.end_with_parent(parent)
    logs.setup(settings.log_format, level=settings.log_level)
    store = Store(settings.store_url, settings)
    app = create_app(store, Doorbell(settings), settings, is_stopping=stopping.is_set)
    connections = Connections()
    patience = Patience(settings.client_silence_seconds, settings.client_whole_seconds)
    gateway = Gateway(app, Threads(settings.api_threads), patience, connections)
    supervise(gateway, connections, settings.client_silence_seconds, stopping.is_set)
    return gateway
