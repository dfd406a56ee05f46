"""RFC 4180 once more, only to be compared with: one character at a time, no `csv`, no `re`.

It reads what is CSV by the RFC's grammar, and nothing else; it does not say what is wrong with the rest.
"""

from __future__ import annotations

Rows = list[list[str]]


def read(text: str) -> Rows | None:
    """Return the fields of every line; None if the text is not CSV."""
    rows: Rows = []
    place = 0
    while place < len(text):
        row: list[str] = []
        while True:
            field = _field(text, place)
            if field is None:
                return None
            value, place = field
            row.append(value)
            if text[place : place + 1] != ",":
                break
            place += 1
        rows.append(row)
        if text.startswith("\r\n", place):
            place += 2
        elif text.startswith("\n", place):
            place += 1
        elif place < len(text):
            return None
    return rows


def _field(text: str, place: int) -> tuple[str, int] | None:
    """Return a field and where it ends; None if it does not."""
    if text[place : place + 1] != '"':
        end = place
        while end < len(text) and text[end] not in '",\r\n':
            end += 1
        return text[place:end], end
    value, place = "", place + 1
    while place < len(text):
        if text[place] != '"':
            value += text[place]
        elif text[place + 1 : place + 2] == '"':
            value += '"'
            place += 1
        else:
            return value, place + 1
        place += 1
    return None


def number(field: str) -> float | None:
    """Return the number that a field is: a sign, digits, a point, an exponent, spaces around; else None."""
    text = field.strip(" ")
    mantissa, _, exponent = text.replace("E", "e").partition("e")
    if ("e" in text.replace("E", "e")) != bool(exponent) or (exponent and not _is_integer(exponent)):
        return None
    unsigned = mantissa[1:] if mantissa[:1] in ("+", "-") else mantissa
    whole, _, fraction = unsigned.partition(".")
    digits = whole + fraction
    return float(text) if digits and all(digit in "0123456789" for digit in digits) else None


def _is_integer(text: str) -> bool:
    digits = text[1:] if text[:1] in ("+", "-") else text
    return bool(digits) and all(digit in "0123456789" for digit in digits)
