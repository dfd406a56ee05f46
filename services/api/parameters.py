"""Query parameters: declared as data, read strictly, and described in OpenAPI from the same data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import request

from services.api.service import service
from services.errors import InvalidInput, Problem
from services.schemas.strict_json import clip
from services.schemas.times import microseconds

#: Digits of a query's integers: every limit has fewer, and Python refuses to read thousands.
_INTEGER = re.compile(r"[0-9]{1,18}")


class _Refused(ValueError):
    """A parameter's text is not acceptable: code and detail."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter. `most` is a bound, or the name of the limit that is."""

    name: str
    meaning: str
    schema: dict[str, Any]
    read: Callable[[Parameter, str], Any]
    default: Any = None
    most: int | str | None = None

    def bound(self) -> int | None:
        """Return the largest value allowed."""
        return getattr(service().limits, self.most) if isinstance(self.most, str) else self.most


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of one operation; `mapping` is one that is written `name[key]=value`."""

    parameters: tuple[Parameter, ...] = ()
    mapping: Parameter | None = None
    _by_name: dict[str, Parameter] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {parameter.name: parameter for parameter in self.parameters})

    def read(self) -> dict[str, Any]:
        """Return the values of the current request's query by name, defaults included.

        Raises:
            InvalidInput: a parameter is unknown, given twice or not acceptable; all of them are listed.
        """
        values: dict[str, Any] = {parameter.name: parameter.default for parameter in self.parameters}
        if self.mapping is not None:
            values[self.mapping.name] = {}
        problems: list[Problem] = []
        for name, texts in request.args.lists():
            try:
                self._read_one(name, texts, values)
            except _Refused as refused:
                problems.append(Problem(f"/{clip(name)}", refused.code, refused.detail))
        if problems:
            raise InvalidInput(problems)
        return values

    def _read_one(self, name: str, texts: list[str], values: dict[str, Any]) -> None:
        if len(texts) > 1:
            raise _Refused("repeated", "this parameter is given more than once")
        if name in self._by_name:
            parameter = self._by_name[name]
            values[name] = parameter.read(parameter, _clean(texts[0]))
            return
        key = _key(name, self.mapping)
        if key is None:
            known = ", ".join(self._by_name) or "none"
            raise _Refused("unknown_field", f"there is no such parameter; there are: {known}")
        values[self.mapping.name if self.mapping else ""][_clean(key)] = _clean(texts[0])


def integer(name: str, meaning: str, *, least: int, most: int | str, default: int | None) -> Parameter:
    """Return an integer parameter between `least` and `most`."""

    def read(parameter: Parameter, text: str) -> int:
        bound = parameter.bound()
        if not _INTEGER.fullmatch(text):
            raise _Refused("type", "must be an integer that is not negative")
        if not least <= int(text) <= (bound or 0):
            raise _Refused("out_of_range", f"must be between {least} and {bound}")
        return int(text)

    return Parameter(name, meaning, {"type": "integer", "minimum": least}, read, default, most)


def choice(name: str, meaning: str, choices: Iterable[str]) -> Parameter:
    """Return a parameter that is one of some words."""
    words = list(choices)

    def read(_parameter: Parameter, text: str) -> str:
        if text not in words:
            raise _Refused("enum", f"must be one of {', '.join(words)}")
        return text

    return Parameter(name, meaning, {"type": "string", "enum": words}, read)


def flag(name: str, meaning: str) -> Parameter:
    """Return a parameter that is true or false (the default)."""

    def read(_parameter: Parameter, text: str) -> bool:
        if text not in ("true", "false"):
            raise _Refused("type", "must be true or false")
        return text == "true"

    return Parameter(name, meaning, {"type": "boolean"}, read, default=False)


def text(name: str, meaning: str) -> Parameter:
    """Return a parameter that is any text."""
    return Parameter(name, meaning, {"type": "string"}, lambda _parameter, text: text)


def name(name: str, meaning: str) -> Parameter:
    """Return a parameter that is the name of an object: printable characters, not too many."""

    def read(_parameter: Parameter, text: str) -> str:
        longest = service().limits.name_length
        if not 0 < len(text) <= longest:
            raise _Refused("too_long" if text else "too_short", f"must have 1 to {longest} characters")
        if not text.isprintable():
            raise _Refused("not_printable", "must have printable characters only")
        return text

    return Parameter(name, meaning, {"type": "string", "minLength": 1}, read)


def time(name: str, meaning: str) -> Parameter:
    """Return a parameter that is an RFC 3339 time; its value is microseconds since 1970."""

    def read(_parameter: Parameter, text: str) -> int:
        try:
            return microseconds(text)
        except (ValueError, OverflowError):
            raise _Refused("type", "must be a time such as 2026-11-23T14:00:00Z") from None

    return Parameter(name, meaning, {"type": "string", "format": "date-time"}, read)


def _key(name: str, mapping: Parameter | None) -> str | None:
    prefix = f"{mapping.name}[" if mapping is not None else None
    return name[len(prefix) : -1] if prefix and name.startswith(prefix) and name.endswith("]") else None


def _clean(text: str) -> str:
    """Refuse what no stored text can hold and PostgreSQL cannot compare with."""
    if "\0" in text or "\N{REPLACEMENT CHARACTER}" in text:
        raise _Refused("type", "must be UTF-8 without the character U+0000")
    return text
