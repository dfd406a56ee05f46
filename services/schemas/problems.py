"""From pydantic's errors to ours: JSON pointer, stable code, and a sentence that helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.errors import InvalidInput, Problem
from services.schemas.fields import OWN, VARIANT
from services.schemas.kinds import kind
from services.schemas.strict_json import clip

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails, ValidationError

    from services.schemas.fields import Location
    from services.schemas.vocabulary import Vocabulary

#: Problems listed in one answer; the rest are counted.
LISTED = 20

#: pydantic's error types, as far as our models can cause them: our code and the sentence's pattern.
_MEANINGS: dict[str, tuple[str, str]] = {
    "missing": ("missing_field", "this field is required"),
    "one_of": ("enum", "{message}"),
    "literal_error": ("enum", "must be one of {expected}"),
    "int_type": ("type", "must be an integer, not {kind}"),
    "float_type": ("type", "must be a number, not {kind}"),
    "bool_type": ("type", "must be true or false, not {kind}"),
    "string_type": ("type", "must be a string, not {kind}"),
    "list_type": ("type", "must be an array, not {kind}"),
    "dict_type": ("type", "must be an object, not {kind}"),
    "model_type": ("type", "must be an object, not {kind}"),
    "greater_than": ("out_of_range", "must be greater than {gt:g}"),
    "greater_than_equal": ("out_of_range", "must be at least {ge:g}"),
    "less_than": ("out_of_range", "must be less than {lt:g}"),
    "less_than_equal": ("out_of_range", "must be at most {le:.17g}"),
    "too_short": ("too_short", "must have at least {min_length} entries"),
    "string_too_short": ("too_short", "must not be empty"),
    "string_too_long": ("too_long", "must have at most {max_length} characters"),
}

#: Parts of a document that are tables: what follows in the pointer is a row, then a column.
_TABLES = ("inputs", "targets")


def invalid_input(error: ValidationError, vocabulary: Vocabulary) -> InvalidInput:
    """Return everything pydantic found as one of our errors."""
    details = error.errors(include_url=False)
    total = sum(1 + int(detail.get("ctx", {}).get("unlisted", 0)) for detail in details)
    return InvalidInput([_problem(detail, vocabulary) for detail in details[:LISTED]], total)


def pointer(location: Location) -> str:
    """Return the JSON pointer (RFC 6901) of a location; the names of union variants are left out."""
    return "".join(f"/{_escape(part)}" for part in _plain(location))


def _problem(error: ErrorDetails, vocabulary: Vocabulary) -> Problem:
    location = _plain(error["loc"])
    if error["type"] == "extra_forbidden":
        code, detail = vocabulary.explain(location)
    else:
        code, detail = _meaning(error)
    row, column = _cell(location)
    return Problem(pointer(location), code, detail, row, column)


def _meaning(error: ErrorDetails) -> tuple[str, str]:
    """Return code and text of an error, whether pydantic or a validator of ours found it."""
    if error["type"].startswith(OWN):
        return error["type"].removeprefix(OWN), error["msg"]
    code, pattern = _MEANINGS[error["type"]]
    context: dict[str, Any] = error.get("ctx", {})
    return code, pattern.format(**{**context, "message": error["msg"], "kind": _shown(error)})


def _shown(error: ErrorDetails) -> str:
    value = error["input"]
    return f"{value:g}" if type(value) is float else kind(value)


def _plain(location: Location) -> Location:
    return tuple(part for part in location if not (isinstance(part, str) and part.startswith(VARIANT)))


def _escape(part: str | int) -> str:
    return clip(str(part)).replace("~", "~0").replace("/", "~1")


def _cell(location: Location) -> tuple[int | None, int | None]:
    """Return row and column if the location is inside a table."""
    starts = [place for place, part in enumerate(location, 1) if part in _TABLES]
    if not starts:
        return None, None
    row, column, *_ = [*(part for part in location[starts[-1] :] if isinstance(part, int)), None, None]
    return row, column
