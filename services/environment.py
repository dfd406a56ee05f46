"""How settings are declared, read from environment variables and listed.

`services/settings.py` says which settings there are; nothing here knows any of them by name. A setting
called `limits.body_bytes` is read from the variable `GRADQUEUE_LIMITS_BODY_BYTES`.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

PREFIX = "GRADQUEUE_"

#: Variables with our prefix that are not settings of the service: the client's, and the test suite's.
NOT_SETTINGS = re.compile(r"GRADQUEUE_(URL|API_KEY|TEST_\w+)")

#: What stands for the user name and the password of a URL in a listing.
MASK = "***"


class SettingError(ValueError):
    """An environment variable holds something unusable. The message is one line and names the variable."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a setting may be: a closed range for numbers, a list for words, and whether it must be hidden."""

    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting as a person sees it. `value` and `default` are text, with secrets masked."""

    name: str
    variable: str
    value: str
    default: str
    unit: str
    meaning: str


def setting(
    default: Any,
    meaning: str,
    *,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    secret: bool = False,
) -> Any:
    """Declare one field of a settings dataclass; its type annotation says how the variable is read."""
    bounds = Bounds(minimum, maximum, choices, secret)
    return dataclasses.field(default=default, metadata={"meaning": meaning, "unit": unit, "bounds": bounds})


def read(cls: type[Any], environment: Mapping[str, str], prefix: str = PREFIX) -> Any:
    """Build the settings dataclass `cls` from `environment`; what is not there keeps its default.

    Raises:
        SettingError: a variable cannot be read as its type, or is out of bounds.
    """
    kinds = get_type_hints(cls)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        variable = prefix + field.name.upper()
        if dataclasses.is_dataclass(kinds[field.name]):
            values[field.name] = read(kinds[field.name], environment, variable + "_")
        elif variable in environment:
            values[field.name] = _parse(
                variable, environment[variable], kinds[field.name], field.metadata["bounds"]
            )
    return cls(**values)


def variables(settings: Any, prefix: str = PREFIX) -> dict[str, str]:
    """Return the variables that make these settings again in a child process; nothing is masked."""
    written: dict[str, str] = {}
    for field in dataclasses.fields(settings):
        value, variable = getattr(settings, field.name), prefix + field.name.upper()
        if dataclasses.is_dataclass(value):
            written |= variables(value, variable + "_")
        else:
            written[variable] = _shown(value, secret=False)
    return written


def entries(settings: Any, prefix: str = PREFIX, path: str = "") -> Iterator[Entry]:
    """List every setting in the order of its declaration, nested ones by their dotted name."""
    for field in dataclasses.fields(settings):
        value, variable = getattr(settings, field.name), prefix + field.name.upper()
        if dataclasses.is_dataclass(value):
            yield from entries(value, variable + "_", f"{path}{field.name}.")
            continue
        secret = field.metadata["bounds"].secret
        yield Entry(
            name=path + field.name,
            variable=variable,
            value=_shown(value, secret),
            default=_shown(field.default, secret),
            unit=field.metadata["unit"],
            meaning=field.metadata["meaning"],
        )


def unknown_variables(settings: Any, environment: Mapping[str, str]) -> list[str]:
    """Name the variables with our prefix that mean nothing, each with the nearest that does.

    They are worth a warning and no more: Kubernetes, for one, injects `GRADQUEUE_SERVICE_HOST` and others
    by itself when a service has our name.
    """
    known = {entry.variable for entry in entries(settings)}
    strange = [
        name
        for name in environment
        if name.startswith(PREFIX) and name not in known and not NOT_SETTINGS.fullmatch(name)
    ]
    return [name + _hint(name, known) for name in sorted(strange)]


def masked_url(url: str) -> str:
    """Return `url` with user name, password and query hidden, so that it can be shown and logged."""
    url = re.sub(r"(?<=://)(?!/).*@", MASK + "@", url)  # up to the last @: passwords may hold one
    return re.sub(r"(?i)(password|secret|token)=[^&]*", rf"\1={MASK}", url)


def _hint(name: str, known: set[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    return f" (did you mean {nearest[0]}?)" if nearest else ""


def _shown(value: Any, secret: bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return masked_url(str(value)) if secret else str(value)


def _parse(variable: str, text: str, kind: Any, bounds: Bounds) -> Any:
    value: Any
    try:
        value = _READERS[kind](text.strip())
    except ValueError:
        # The text itself is left out: it may be a password pasted into the wrong variable.
        raise SettingError(f"{variable} must be {_WORDS[kind]}") from None
    if bounds.choices and value not in bounds.choices:
        raise SettingError(f"{variable} must be one of {', '.join(bounds.choices)}")
    if bounds.minimum is not None and value < bounds.minimum:
        raise SettingError(f"{variable} must be at least {bounds.minimum:g}, not {value:g}")
    if bounds.maximum is not None and value > bounds.maximum:
        raise SettingError(f"{variable} must be at most {bounds.maximum:g}, not {value:g}")
    return value


def _boolean(text: str) -> bool:
    try:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


_READERS: dict[Any, Any] = {str: str, int: int, float: _finite, bool: _boolean, Path: Path}
_WORDS = {int: "a whole number", float: "a number", bool: "true or false"}
