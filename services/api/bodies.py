"""Reading a request's body: never more than the limit, never inflated, only of the types asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import request

from services.api.answers import JSON
from services.api.client import Gone, TooSlow
from services.api.problems import ProtocolError
from services.api.service import service

CSV = "text/csv"
FORM = "multipart/form-data"

_CHUNK_BYTES = 64 * 1024


def json_body() -> bytes:
    """Return the body of a request that says it is JSON; nothing has looked at it yet.

    Raises:
        ProtocolError: wrong content type or encoding, too large, too slow, or cut short.
    """
    return body_of(JSON)[1]


def body_of(*media_types: str) -> tuple[str, bytes]:
    """Return of which of these types the body says it is, and the body; nothing has looked at it yet.

    Raises:
        ProtocolError: wrong content type or encoding, too large, too slow, or cut short.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise ProtocolError("unsupported_encoding", "send the body as it is, without a Content-Encoding")
    options = request.mimetype_params
    if request.mimetype not in media_types or options.get("charset", "utf-8").lower() != "utf-8":
        raise ProtocolError("unsupported_media_type", f"the Content-Type must be {' or '.join(media_types)}")
    if request.mimetype == CSV and options.get("header", "present").lower() != "present":  # RFC 4180
        raise ProtocolError("unsupported_media_type", "the first line of a CSV file must name its columns")
    return request.mimetype, _in_a_place(partial(_read, service().limits.body_bytes))


def _in_a_place(read: Callable[[], bytes]) -> bytes:
    """Read while others may: who sends slowly holds a thread, and some threads are never theirs."""
    leave = service().slow.enter()
    if leave is None:
        raise ProtocolError("too_many_bodies", "too many bodies are on their way already; try again later")
    try:
        return read()
    except TooSlow:
        headers = {"Connection": "close"}  # nobody waits for the rest
        raise ProtocolError("body_too_slow", "the body did not come in time", headers=headers) from None
    except Gone:
        raise ProtocolError("incomplete_body", "the connection ended before the body did") from None
    finally:
        leave()


def _read(limit: int) -> bytes:
    """Read it here and not trust the server: one cut a chunked body short and called it complete."""
    announced = request.content_length
    if announced is not None and announced > limit:
        raise _too_large(limit)
    body = bytearray()
    while chunk := request.stream.read(min(_CHUNK_BYTES, limit + 1 - len(body))):
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    if announced is not None and len(body) < announced:
        detail = f"the body ended after {len(body)} of {announced} bytes"
        raise ProtocolError("incomplete_body", detail)
    return bytes(body)


def _too_large(limit: int) -> ProtocolError:
    return ProtocolError("body_too_large", f"the body has more than {limit} bytes")
