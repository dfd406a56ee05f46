"""Around every request: its id, one line in the log, and the headers that keep browsers careful."""

from __future__ import annotations

import re
import secrets
import time
from urllib.parse import quote

import structlog
from flask import Flask, Response, g, request

from services.logs import get_logger

log = get_logger(__name__)

REQUEST_ID = "X-Request-ID"
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

#: Addresses that supervisors and load balancers look at, again and again.
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})

#: Nothing on these pages loads, runs or is framed, unless a view says otherwise.
_STRICT_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": _STRICT_POLICY,
    # Answers are about one moment and one client: they may be kept, but must be asked for again.
    "Cache-Control": "private, no-cache",
}


def install(app: Flask) -> None:
    """Do this around every request of an application."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def _begin() -> None:
    """Take the id that the client or a proxy gave, if it is harmless, or make one."""
    given = request.headers.get(REQUEST_ID, "")
    g.request_id = given if _ID.fullmatch(given) else f"req_{secrets.token_hex(12)}"
    g.began = time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers[REQUEST_ID] = g.request_id
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    # What probes learn is in their answers; in the log they would bury everything else.
    tell = log.debug if request.path in _PROBES else log.info
    tell(
        "request",
        method=request.method,
        path=quote(request.path)[:200],
        status=response.status_code,
        milliseconds=round((time.perf_counter() - g.began) * 1000, 1),
    )
    return response


def _forget(_error: BaseException | None) -> None:
    """Whatever this thread logs next is about something else."""
    structlog.contextvars.clear_contextvars()
