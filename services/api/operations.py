"""What each view says about itself: the OpenAPI document is made of it, and `Accept` is checked by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Response, request

from services.api.answers import JSON
from services.api.parameters import Query
from services.api.problems import ProtocolError

View = Callable[..., Response]

NO_QUERY = Query()


@dataclass(frozen=True, slots=True)
class Answer:
    """One way an operation succeeds: in words, the schema of the JSON, and the forms there are."""

    meaning: str
    schema: Any = None
    media_types: tuple[str, ...] = (JSON,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one address. `problems` are the codes it can fail with besides those all share.

    `body` is the schema of the JSON it takes, and `other_bodies` the media types that it takes as well.
    """

    summary: str
    tag: str
    answers: dict[int, Answer]
    query: Query = NO_QUERY
    headers: tuple[str, ...] = ()
    body: Any = None
    other_bodies: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def media_types(self) -> list[str]:
        """The forms the operation can answer in, the default first."""
        return list(dict.fromkeys(kind for answer in self.answers.values() for kind in answer.media_types))


def described(operation: Operation) -> Callable[[View], View]:
    """Attach its description to a view, and refuse requests that accept none of its forms."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(**parts: str) -> Response:
            acceptable_form(operation)
            return view(**parts)

        checked.operation = operation  # type: ignore[attr-defined]
        return checked

    return decorate


def operation_of(view: Callable[..., object]) -> Operation | None:
    """Return the description of a view, if it has one."""
    found: Operation | None = getattr(view, "operation", None)
    return found


def acceptable_form(operation: Operation) -> str | None:
    """Return the form that the client likes best; None for an operation that answers nothing.

    Raises:
        ProtocolError: it accepts none of them.
    """
    forms = operation.media_types
    if not forms or not request.headers.get("Accept"):
        return forms[0] if forms else None
    best = request.accept_mimetypes.best_match(forms)
    if best is None:
        raise ProtocolError("not_acceptable", f"this address answers in {', '.join(forms)}")
    return best
