"""The JSON name of a value's type, for people to read."""

from __future__ import annotations

from typing import Any

_KINDS: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def kind(value: Any) -> str:
    """Return "a string", "a boolean", "null" and so on."""
    return _KINDS.get(type(value), "something else")
