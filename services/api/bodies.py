"""Reading a request's body: never more than the limit, never inflated, only JSON."""

from __future__ import annotations

from flask import request

from services.api.answers import JSON
from services.api.problems import ProtocolError
from services.api.service import service

_CHUNK_BYTES = 64 * 1024


def json_body() -> bytes:
    """Return the body of a request that says it is JSON; nothing has looked at it yet.

    Raises:
        ProtocolError: wrong content type or encoding, too large, or cut short.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise ProtocolError("unsupported_encoding", "send the body as it is, without a Content-Encoding")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != JSON or charset != "utf-8":
        raise ProtocolError("unsupported_media_type", f"the Content-Type must be {JSON}")
    return _read(service().limits.body_bytes)


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
