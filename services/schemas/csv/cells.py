"""One field of a CSV file: a number, or a text; and a text written so that it comes back and does no harm."""

from __future__ import annotations

import math
import re

from services.schemas.strict_json import clip

#: Characters of the name of a column; it heads tables, as labels do.
NAME_LENGTH = 100

_DIGITS = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(rf" *{_DIGITS} *")
_DECIMAL_COMMA = re.compile(r" *[+-]?[0-9]+,[0-9]+ *")
_NOT_FINITE = re.compile(r" *[+-]?(?:nan|inf|infinity|n/?a|null|none) *", re.IGNORECASE)

#: What all the lines of numbers consist of. Within it Python's `float` reads what `_NUMBER` does, and more
#: quickly: no `1_000`, no `nan`, no other script's digits.
_PLAIN = re.compile(r"[0-9+\-.eE, ]*+")

#: Texts that a spreadsheet takes for a formula, or that read as a number. An apostrophe in front of one says
#: that it is a text, to spreadsheets too. So of a text that begins with apostrophes and goes on like this,
#: the first apostrophe does not count.
_ESCAPED = re.compile(rf"'*+(?:[=+\-@\t\r]| *{_DIGITS} *\Z)")


def is_number(cell: str) -> bool:
    """Return whether a field reads as a number; it may still be too large for a double."""
    return _NUMBER.fullmatch(cell) is not None


def numbers(fields: list[str]) -> list[float] | None:
    """Return all the fields of a record as finite doubles, or None if one of them is not one."""
    if not _PLAIN.fullmatch(",".join(fields)):
        return None
    try:
        values = list(map(float, fields))
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None


def number_problem(cell: str) -> tuple[str, str] | None:
    """Return code and text of what keeps a field from being a finite double; None if it is one."""
    if not cell.strip(" "):
        return "empty_cell", "is empty; every cell needs a value"
    if _NOT_FINITE.fullmatch(cell):
        return "not_finite", f"must be a number; {clip(cell)!r} is none that can be learned from"
    if _DECIMAL_COMMA.fullmatch(cell):
        return "type", f"must be a number with a decimal point, not {clip(cell)!r}"
    if not is_number(cell):
        return "type", f"must be a number, not {clip(cell)!r}"
    if math.isinf(float(cell)):
        return "not_finite", "is too large for a double"
    return None


def text(cell: str) -> str:
    """Return the text that a field stands for."""
    return cell[1:] if cell.startswith("'") and _ESCAPED.match(cell) else cell


def written(text: str) -> str:
    """Return the field that stands for a text; not yet quoted."""
    return f"'{text}" if _ESCAPED.match(text) else text


def is_name(text: str) -> bool:
    """Return whether a text may be the name of a column."""
    return 0 < len(text) <= NAME_LENGTH and text.isprintable()
