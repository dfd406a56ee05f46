"""Whether the client of a request is still there, for views that make it wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import request

#: Where the gateway leaves the function that knows.
IS_GONE = "gradqueue.is_gone"


def is_client_gone() -> Callable[[], bool]:
    """Return what tells whether this request's client is gone; it can be asked when the view is over."""
    return cast("Callable[[], bool]", request.environ.get(IS_GONE, never))


def never() -> bool:
    """Say that somebody is there, where nobody knows."""
    return False
