"""Who is asking: the API key of a request, whose objects it sees, and how much it may ask.

Whether keys are needed is a setting; by default they are as soon as the service listens on more than the
loopback. Without keys everything belongs to the owner `""`.
"""

from __future__ import annotations

import math
import re
from functools import partial
from typing import TYPE_CHECKING

import structlog
from flask import Flask, Response, current_app, g, request

from services import keys
from services.api.problems import ProtocolError
from services.api.service import service
from services.api.turnstile import Turnstile
from services.loopback import is_loopback
from services.scopes import Scope

if TYPE_CHECKING:
    from services.keys import Key
    from services.settings import Settings

#: Who needs no key: those who ask whether the service lives, and those who read how to use it. Anything
#: else does, also what is added later and not thought of here.
OPEN_ENDPOINTS = frozenset({"health.healthz", "health.readyz"})
OPEN_BLUEPRINTS = frozenset({"documentation"})

#: The blueprint that adds up the jobs of all owners, with a scope of its own.
METRICS_BLUEPRINT = "metrics"

#: The name or address in a Host header, without the port.
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:/@\[\]]+))(?::\d*)?")

_TURNSTILE = "gradqueue.turnstile"
_CHALLENGE = 'Bearer realm="gradqueue"'


def install(app: Flask, settings: Settings) -> None:
    """Look at every request of an application before its view does; its body is not read yet."""
    limits = settings.limits
    app.extensions[_TURNSTILE] = Turnstile(
        per_second=limits.requests_per_second, burst=limits.requests_burst, at_once=limits.requests_at_once
    )
    app.before_request(_admit)
    app.after_request(_let_go)


def owner() -> str:
    """Return whose objects the request may see."""
    found: str = g.owner
    return found


def is_open(endpoint: str) -> bool:
    """Return whether an endpoint is for everybody."""
    return endpoint in OPEN_ENDPOINTS or endpoint.rpartition(".")[0] in OPEN_BLUEPRINTS


def _admit() -> None:
    g.owner, g.key_id = "", None
    # No endpoint: there is no such address or method, and that is the answer.
    if request.endpoint is None or is_open(request.endpoint):
        return
    settings = service().settings
    if settings.needs_keys:
        _recognise()
    elif settings.authentication == "auto":
        _refuse_foreign_names(settings.host)


def _recognise() -> None:
    """Find out whose key came with the request, and let it in if the key's share is not used up.

    Raises:
        ProtocolError: 401 without a key that is good, 403 with one for something else, 429 for too many.
    """
    key = _key()
    structlog.contextvars.bind_contextvars(key=key.id)
    needed = Scope.METRICS if request.blueprint == METRICS_BLUEPRINT else Scope.JOBS
    if key.scope is not needed:
        raise ProtocolError(
            "wrong_scope", f"this API key is for {key.scope}, and this address needs {needed}"
        )
    pause = _turnstile().enter(key.id)
    if pause:
        seconds = max(1, math.ceil(pause))
        raise ProtocolError(
            "too_many_requests",
            "this API key asks too often, or too much at the same time",
            headers={"Retry-After": str(seconds)},
        )
    g.owner, g.key_id = key.owner, key.id


def _key() -> Key:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise ProtocolError(
            "unauthorized",
            "an API key is needed: Authorization: Bearer gq_…",
            headers={"WWW-Authenticate": _CHALLENGE},
        )
    key = keys.find(service().store, text.strip())
    if key is None:
        raise ProtocolError(
            "unauthorized",
            "there is no such API key, or it was revoked",
            headers={"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'},
        )
    return key


def _refuse_foreign_names(listens_on: str) -> None:
    """Refuse a request without a key that does not call this machine by a name of its own.

    A web page somewhere can have its own name resolve to 127.0.0.1, and then the browser lets it read all
    that the service answers. A proxy that makes the service public forwards the public name as well.

    Raises:
        ProtocolError: the name is somebody else's.
    """
    written = _HOST.fullmatch(request.headers.get("Host", "localhost"))
    name = (written[1] or written[2]).lower() if written else ""
    if not is_loopback(name) and name != listens_on.lower():
        raise ProtocolError(
            "wrong_host",
            "without API keys the service has no name but this machine's; see GRADQUEUE_AUTHENTICATION",
        )


def _let_go(response: Response) -> Response:
    """Let the request's key have its next one, once the last byte of this answer is sent."""
    key_id = g.get("key_id")
    if key_id is not None:
        leave = partial(_turnstile().leave, key_id)
        if response.is_streamed:
            response.call_on_close(leave)
        else:
            leave()
    return response


def _turnstile() -> Turnstile:
    found: Turnstile = current_app.extensions[_TURNSTILE]
    return found
