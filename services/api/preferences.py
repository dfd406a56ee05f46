"""Request headers that ask for something: `Prefer: wait=10` and `Idempotency-Key`."""

from __future__ import annotations

import re

from flask import Response, request

from services.api.service import service
from services.errors import InvalidInput, Problem

#: What an idempotency key may be: up to 255 visible ASCII characters.
_KEY = re.compile(r"[!-~]{1,255}")
_SECONDS = re.compile(r"[0-9]{1,9}")


def idempotency_key() -> str | None:
    """Return the request's idempotency key, if it has one.

    Raises:
        InvalidInput: it is empty, too long, or has characters other than visible ASCII.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        detail = "an Idempotency-Key has 1 to 255 visible ASCII characters"
        raise InvalidInput([Problem("/Idempotency-Key", "header", detail)])
    return key


def preferred_wait() -> int | None:
    """Return for how many seconds the client would like to wait, at most the limit; None if not at all.

    A preference that cannot be read is ignored, as RFC 7240 demands.
    """
    for preference in request.headers.get("Prefer", "").split(","):
        name, _, value = preference.strip().partition("=")
        if name.strip().lower() == "wait" and _SECONDS.fullmatch(value.strip().strip('"')):
            return min(int(value.strip().strip('"')), service().limits.wait_seconds)
    return None


def applied(response: Response, wait: int | None) -> Response:
    """Say in a response that the preference was heard."""
    if wait is not None:
        response.headers["Preference-Applied"] = f"wait={wait}"
    return response
