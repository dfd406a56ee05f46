"""Errors on the wire: RFC 9457, one table of HTTP statuses, and the handlers that catch everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from logging import ERROR, WARNING
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from services.api.answers import json_answer
from services.errors import DomainError, InvalidInput, InvalidStatus, Malformed
from services.logs import get_logger

if TYPE_CHECKING:
    from services.errors import Problem
    from services.schemas.codes import InputCode
    from services.schemas.documents import InputProblem, ProblemDocument

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """How a code is answered. `retry_after_seconds` goes with HTTP statuses that say "not now"."""

    status: HTTPStatus
    title: str
    retry_after_seconds: int | None = None


#: Every code that can stand at the top of an error, with its HTTP status. Each has a page in docs/problems/.
KINDS: dict[str, Kind] = {
    "json_syntax": Kind(HTTPStatus.BAD_REQUEST, "The body is not JSON"),
    "json_not_finite": Kind(HTTPStatus.BAD_REQUEST, "A number is not finite"),
    "json_duplicate_key": Kind(HTTPStatus.BAD_REQUEST, "A key is given twice"),
    "json_too_deep": Kind(HTTPStatus.BAD_REQUEST, "The body is nested too deeply"),
    "json_too_complex": Kind(HTTPStatus.BAD_REQUEST, "The body has too many parts"),
    "json_not_utf8": Kind(HTTPStatus.BAD_REQUEST, "The body is not UTF-8"),
    "json_nul": Kind(HTTPStatus.BAD_REQUEST, "A text holds U+0000"),
    "json_lone_surrogate": Kind(HTTPStatus.BAD_REQUEST, "A text holds half a character"),
    "incomplete_body": Kind(HTTPStatus.BAD_REQUEST, "The body ended early"),
    "bad_request": Kind(HTTPStatus.BAD_REQUEST, "The request is not valid HTTP"),
    "unauthorized": Kind(HTTPStatus.UNAUTHORIZED, "An API key is needed"),
    "wrong_scope": Kind(HTTPStatus.FORBIDDEN, "The API key is for something else"),
    "not_found": Kind(HTTPStatus.NOT_FOUND, "Not found"),
    "method_not_allowed": Kind(HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed"),
    "not_acceptable": Kind(HTTPStatus.NOT_ACCEPTABLE, "No acceptable form"),
    "invalid_status": Kind(HTTPStatus.CONFLICT, InvalidStatus.title),
    "no_weights": Kind(HTTPStatus.CONFLICT, "No weights yet"),
    "dataset_in_use": Kind(HTTPStatus.CONFLICT, "The dataset is in use"),
    "body_too_slow": Kind(HTTPStatus.REQUEST_TIMEOUT, "The body came too slowly"),
    "body_too_large": Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large"),
    "unsupported_media_type": Kind(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Unsupported media type"),
    "unsupported_encoding": Kind(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Unsupported content encoding"),
    "invalid_input": Kind(HTTPStatus.UNPROCESSABLE_ENTITY, InvalidInput.title),
    "idempotency_key_reused": Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The idempotency key was used for another request"
    ),
    "wrong_host": Kind(HTTPStatus.MISDIRECTED_REQUEST, "Not a name of this service"),
    "too_many_requests": Kind(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", retry_after_seconds=1),
    "too_many_jobs": Kind(HTTPStatus.TOO_MANY_REQUESTS, "Too many jobs are waiting", retry_after_seconds=10),
    "queue_full": Kind(HTTPStatus.SERVICE_UNAVAILABLE, "The queue is full", retry_after_seconds=10),
    "unavailable": Kind(HTTPStatus.SERVICE_UNAVAILABLE, "Temporarily unavailable", retry_after_seconds=2),
    "too_many_bodies": Kind(
        HTTPStatus.SERVICE_UNAVAILABLE, "Too many bodies on their way", retry_after_seconds=5
    ),
    "too_many_streams": Kind(HTTPStatus.SERVICE_UNAVAILABLE, "Too many event streams", retry_after_seconds=5),
    "not_ready": Kind(HTTPStatus.SERVICE_UNAVAILABLE, "Not ready", retry_after_seconds=2),
    "damaged": Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "Stored data is damaged"),
    "internal": Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error"),
}

_BY_STATUS = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.NOT_ACCEPTABLE: "not_acceptable",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
}

_DETAILS = {
    "not_found": "there is nothing at this address",
    "method_not_allowed": "this address does not take this method; Allow lists those it does",
    "bad_request": "the request could not be understood",
}


class ProtocolError(DomainError):
    """The request breaks a rule of HTTP or of this interface; the code says which."""

    def __init__(self, code: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.headers = headers or {}


def install(app: Flask) -> None:
    """Answer every error of an application with a problem document."""
    app.register_error_handler(DomainError, _on_domain_error)
    app.register_error_handler(HTTPException, _on_http_exception)
    app.register_error_handler(Exception, _on_anything_else)


def problem(code: str, detail: str) -> ProblemDocument:
    """Return the document of an error."""
    kind = KINDS[code]
    return {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "code": code,
        "request_id": g.get("request_id", ""),
    }


def answer(document: ProblemDocument) -> Response:
    """Return the response for an error's document."""
    response = json_answer(document, status=document["status"], media_type=MEDIA_TYPE)
    retry_after = KINDS[document["code"]].retry_after_seconds
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _on_domain_error(error: DomainError) -> Response:
    if error.code not in KINDS:
        return _on_anything_else(error)
    document = problem(error.code, error.detail)
    if isinstance(error, InvalidInput):
        document["errors"] = [_input_problem(found) for found in error.problems]
        document["errors_total"] = error.total
    elif isinstance(error, InvalidStatus):
        document["allowed"] = list(error.allowed)
    elif isinstance(error, Malformed):
        place = {"line": error.line, "column": error.column, "offset": error.offset}
        document.update({name: value for name, value in place.items() if value is not None})  # type: ignore[typeddict-item]
    if document["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        passing = document["status"] == HTTPStatus.SERVICE_UNAVAILABLE
        log.log(WARNING if passing else ERROR, "request failed", code=error.code, detail=error.detail)
    response = answer(document)
    if isinstance(error, ProtocolError):
        response.headers.update(error.headers)
    return response


def _on_http_exception(error: HTTPException) -> Response:
    """Answer what Flask and Werkzeug refuse; their own pages are HTML."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    code = _BY_STATUS.get(status, "bad_request" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "internal")
    response = answer(problem(code, _DETAILS.get(code, KINDS[code].title)))
    allow = dict(error.get_headers()).get("Allow")
    if allow is not None:
        response.headers["Allow"] = allow
    return response


def _on_anything_else(error: Exception) -> Response:
    log.error("request failed", code="internal", exc_info=error)
    return answer(problem("internal", "something went wrong here; the request id helps to find out what"))


def _input_problem(found: Problem) -> InputProblem:
    code = cast("InputCode", found.code)
    document: InputProblem = {"pointer": found.pointer, "code": code, "detail": found.detail}
    place = {"row": found.row, "line": found.line, "column": found.column}
    document.update({name: value for name, value in place.items() if value is not None})  # type: ignore[typeddict-item]
    return document
