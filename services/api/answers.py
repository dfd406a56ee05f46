"""Responses: JSON, other forms, and the answer that nothing changed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from flask import Response, request

JSON = "application/json"


def json_answer(document: Any, *, status: int = HTTPStatus.OK, media_type: str = JSON) -> Response:
    """Return a JSON response. Floats are written in the shortest form that reads back as the same double."""
    return Response(orjson.dumps(document), status, content_type=media_type)


def nothing() -> Response:
    """Return the answer 204."""
    response = Response(status=HTTPStatus.NO_CONTENT)
    del response.headers["Content-Type"]
    return response


def tagged(response: Response, tag: str) -> Response:
    """Give a response its entity tag, to be asked for again with `If-None-Match`."""
    response.set_etag(tag)
    return response


def client_has(tag: str) -> bool:
    """Return whether the client says that it has what the tag stands for already."""
    return request.if_none_match.contains_weak(tag)


def not_modified(tag: str) -> Response | None:
    """Return the answer 304 if the client has what the tag stands for, else None."""
    return tagged(Response(status=HTTPStatus.NOT_MODIFIED), tag) if client_has(tag) else None
