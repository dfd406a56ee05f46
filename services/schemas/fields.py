"""What request fields are made of: strict objects, whole numbers, and bounds that are settings.

Validation runs with the service's `Limits` as pydantic's context, so that the models below stay plain
classes while every limit remains a setting.
"""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, ValidationError, core_schema

#: Where in a document: keys and indices.
Location = tuple[str | int, ...]

#: Begins the name of a union's variant, which pydantic puts into locations and which is not part of the
#: JSON pointer. No client can forge it: the parser refuses U+0000.
VARIANT = "\0"

#: The largest integer that every JSON reader holds exactly, JavaScript's included (RFC 7493).
LARGEST_EXACT_INTEGER = 2**53 - 1


#: Begins the type of errors that are ours, to tell our `too_long` from pydantic's.
OWN = "own:"


class Fields(BaseModel):
    """An object of a request: unknown keys are errors, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def _whole(value: Any) -> Any:
    return int(value) if type(value) is float and value.is_integer() else value


#: Lets 75.0 be the integer 75, as JSON and JSON Schema say it is; pydantic's strict mode refuses it.
WHOLE = BeforeValidator(_whole)


@dataclass(frozen=True, slots=True)
class AtMost:
    """Bounds a number, or the length of a text, list or object, by the limit of this name.

    `code` is the error's, where there is a better one than `too_long` or `out_of_range`.
    """

    limit: str
    code: str | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after the type has been checked."""
        return core_schema.with_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Name the limit; `services/schemas/json_schema.py` puts its value in."""
        return {**handler(schema), "x-limit": self.limit}

    def _check(self, value: Any, info: core_schema.ValidationInfo) -> Any:
        most = getattr(info.context, self.limit)
        if isinstance(value, Sized):
            if len(value) > most:
                what = "characters" if isinstance(value, str) else "entries"
                raise own_error(self.code or "too_long", f"must have at most {most} {what}")
        elif value > most:
            raise own_error(self.code or "out_of_range", f"must be at most {most}")
        return value


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing wrong inside a field: where below it, the error's code and its text."""

    location: Location
    code: str
    detail: str


def refuse(*refusals: Refusal, unlisted: int = 0) -> ValidationError:
    """Return the error that a validator raises to report several things at once, each in its own place.

    `unlisted` counts further things of the same kind that are not worth a line each.
    """
    lines = [
        InitErrorDetails(type=own_error(refusal.code, refusal.detail), loc=refusal.location, input=None)
        for refusal in refusals
    ]
    if unlisted:
        lines[-1]["type"] = own_error(refusals[-1].code, refusals[-1].detail, unlisted)
    return ValidationError.from_exception_data("request", lines)


def own_error(code: str, detail: str, unlisted: int = 0) -> PydanticCustomError:
    """Return the error that a validator raises to report one thing, with one of our codes."""
    # Not LiteralString, as pydantic would like it: the text has no placeholders but the one.
    kind: Any = OWN + code
    return PydanticCustomError(kind, "{detail}", {"detail": detail, "unlisted": unlisted})
