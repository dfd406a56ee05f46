"""The OpenAPI 3.1 document, made from what the views and schemas say about themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from importlib.metadata import version
from types import UnionType
from typing import TYPE_CHECKING, Any, get_args

from services.api.answers import JSON
from services.api.authentication import is_open
from services.api.bodies import CSV, FORM
from services.api.forms import FIELD
from services.api.operations import Operation, operation_of
from services.api.problems import KINDS, MEDIA_TYPE
from services.schemas.documents import ProblemDocument
from services.schemas.events import POSITION
from services.schemas.json_schema import REFERENCE, schemas_of

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

    from services.api.operations import Answer
    from services.api.parameters import Parameter
    from services.settings import Limits

_PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")

#: Codes that any operation can answer with, and those of every operation that reads a body.
_ANYWHERE = ("bad_request", "not_acceptable", "unavailable", "internal")
#: ... and those of every operation that needs a key.
_WITH_KEY = ("unauthorized", "wrong_scope", "wrong_host", "too_many_requests")
_WITH_BODY = (
    *(code for code in KINDS if code.startswith("json_")),
    "incomplete_body",
    "body_too_slow",
    "body_too_large",
    "too_many_bodies",
    "unsupported_media_type",
    "unsupported_encoding",
)

_SECURITY_SCHEMES = {
    "api_key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, as `gradqueue keys create` shows it once.",
    }
}

#: What the bodies that are not JSON look like.
_OTHER_BODIES: dict[str, dict[str, Any]] = {
    CSV: {
        "schema": {
            "type": "string",
            "description": "RFC 4180, UTF-8: names of columns in the first line, then a line for each row.",
        },
        "example": "x0,x1,y\r\n0,1,1\r\n1,1,0\r\n",
    },
    FORM: {
        "schema": {
            "type": "object",
            "properties": {FIELD: {"type": "string", "format": "binary"}},
            "required": [FIELD],
            "additionalProperties": False,
        },
        "encoding": {FIELD: {"contentType": f"{CSV}, {JSON}, application/octet-stream"}},
    },
}

_HEADERS: dict[str, dict[str, Any]] = {
    "Idempotency-Key": {
        "description": "The same key and request again: the same job, and no second one.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    },
    "Prefer": {
        "description": "`wait=10`: answer when the job is done, or after 10 seconds (RFC 7240).",
        "schema": {"type": "string"},
        "example": "wait=10",
    },
    "Last-Event-ID": {
        "description": "The `id` of the last event that came whole: the stream goes on behind it.",
        "schema": {"type": "string", "pattern": POSITION.pattern},
    },
    "If-None-Match": {
        "description": "The `ETag` of an earlier answer: 304 if nothing changed.",
        "schema": {"type": "string"},
    },
}


def build(app: Flask, limits: Limits, *, needs_keys: bool) -> dict[str, Any]:
    """Return the document that describes every operation of an application."""
    operations = list(_operations(app))
    types = [ProblemDocument, *_types(operation for _, _, operation in operations)]
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, operation in operations:
        path = _PLACEHOLDER.sub(r"{\1}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = _describe(rule, operation, limits)
        if needs_keys and not is_open(rule.endpoint):
            paths[path][method.lower()]["security"] = [{"api_key": []}]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gradqueue",
            "version": version("gradqueue"),
            "summary": "Train small neural networks as queued jobs.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {"schemas": schemas_of(types, limits), "securitySchemes": _SECURITY_SCHEMES},
    }


def _operations(app: Flask) -> Iterator[tuple[Rule, str, Operation]]:
    for rule in app.url_map.iter_rules():
        operation = operation_of(app.view_functions[rule.endpoint])
        if operation is not None:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method, operation


def _types(operations: Iterable[Operation]) -> list[type]:
    found = [
        kind
        for operation in operations
        for schema in (operation.body, *(answer.schema for answer in operation.answers.values()))
        for kind in _members(schema)
    ]
    return list(dict.fromkeys(found))


def _members(schema: Any) -> tuple[type, ...]:
    if schema is None:
        return ()
    return get_args(schema) if isinstance(schema, UnionType) else (schema,)


def _describe(rule: Rule, operation: Operation, limits: Limits) -> dict[str, Any]:
    open_to_all = is_open(rule.endpoint)
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [operation.tag],
        "parameters": [*_path_parameters(rule), *_query(operation, limits), *_headers(operation)],
        "responses": {
            **{str(status): _answer(answer) for status, answer in operation.answers.items()},
            **_problems(operation, () if open_to_all else _WITH_KEY),
        },
    }
    if operation.body is not None:
        content = {JSON: {"schema": _schema(operation.body)}}
        content |= {media_type: _OTHER_BODIES[media_type] for media_type in operation.other_bodies}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for name in _PLACEHOLDER.findall(rule.rule):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query(operation: Operation, limits: Limits) -> Iterator[dict[str, Any]]:
    for parameter in operation.query.parameters:
        yield {
            "name": parameter.name,
            "in": "query",
            "description": parameter.meaning,
            "schema": _parameter_schema(parameter, limits),
        }
    if operation.query.mapping is not None:
        yield {
            "name": operation.query.mapping.name,
            "in": "query",
            "description": operation.query.mapping.meaning,
            "style": "deepObject",
            "explode": True,
            "schema": {"type": "object", "additionalProperties": operation.query.mapping.schema},
        }


def _parameter_schema(parameter: Parameter, limits: Limits) -> dict[str, Any]:
    schema = dict(parameter.schema)
    if parameter.most is not None:
        schema["maximum"] = (
            getattr(limits, parameter.most) if isinstance(parameter.most, str) else parameter.most
        )
    if parameter.default is not None:
        schema["default"] = parameter.default
    return schema


def _headers(operation: Operation) -> Iterator[dict[str, Any]]:
    for name in operation.headers:
        yield {"name": name, "in": "header", **_HEADERS[name]}


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.meaning}
    if answer.media_types:
        described["content"] = {
            kind: {"schema": _schema(answer.schema)} if kind == JSON and answer.schema is not None else {}
            for kind in answer.media_types
        }
    return described


def _problems(operation: Operation, more: tuple[str, ...]) -> dict[str, Any]:
    codes = [*operation.problems, *(_WITH_BODY if operation.body is not None else ()), *more, *_ANYWHERE]
    by_status: dict[HTTPStatus, list[str]] = {}
    for code in codes:
        by_status.setdefault(KINDS[code].status, []).append(code)
    content = {MEDIA_TYPE: {"schema": _schema(ProblemDocument)}}
    return {
        str(status.value): {"description": ", ".join(f"`{code}`" for code in codes), "content": content}
        for status, codes in sorted(by_status.items())
    }


def _schema(schema: Any) -> dict[str, Any]:
    references = [{"$ref": REFERENCE.format(model=kind.__name__)} for kind in _members(schema)]
    return references[0] if len(references) == 1 else {"anyOf": references}
