"""Cuts connections whose client takes nothing, and waits for nobody for long once the service is to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from services.api.connections import LAST_SECONDS
from services.logs import get_logger

if TYPE_CHECKING:
    from services.api.connections import Connections
    from services.api.gateway import Gateway

log = get_logger(__name__)

#: Seconds between two looks, at most.
_LOOK_SECONDS = 0.5


def supervise(
    gateway: Gateway, connections: Connections, silence: float, is_stopping: Callable[[], bool]
) -> None:
    """Begin to supervise, in a thread of its own, for as long as the process lives.

    A client may be silent for `silence` seconds; once the service is to end, for a moment.
    """

    def look() -> None:
        allowed, is_last = silence, False
        while True:
            if not is_last and is_stopping():
                allowed, is_last = min(silence, LAST_SECONDS), True
                gateway.run_out_of_patience()
            try:
                connections.cut_stalled(allowed)
            except OSError as error:  # no file is free to look with, for one
                log.warning("connections not looked at", detail=str(error))
            time.sleep(min(_LOOK_SECONDS, silence / 4))

    threading.Thread(target=look, name="supervision", daemon=True).start()
