"""Bytes in, records out: the fields of each, and the line on which it begins. RFC 4180, nothing else.

Python's `csv` does the reading. Even its strict mode takes a quote inside an unquoted field, which other
readers take for the beginning of a quoted one; so records that have quotes or carriage returns are compared
with the grammar.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import TextIO

from services.errors import InvalidInput, Problem

Record = tuple[int, list[str]]

#: What Excel puts in front of UTF-8.
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_FIELD = r'(?:"(?:[^"]|"")*+"|[^",\r\n]*+)'
_RECORD = re.compile(rf"{_FIELD}(?:,{_FIELD})*+(?:\r?\n)?")

#: What to say for the errors of `csv`, by what their texts begin with.
_REASONS = {
    "unexpected end of data": "a quoted field is never closed",
    "field larger than": "a field is longer than any number or name; is a quote missing?",
}
_MISPLACED = (
    "a quote or a carriage return stands where none may; write a field with quotes"
    ' as "one ""quoted"" word", and end lines with LF or CR LF'
)


def records(body: bytes) -> Iterator[Record]:
    """Yield the records of a CSV file, each with the number of its first line, counted from 1.

    Raises:
        InvalidInput: it is not UTF-8, has U+0000 in it (binary files have), or breaks the grammar; what
            comes after cannot be trusted, so this is the only problem named.
    """
    _check_bytes(body)
    stream = io.BytesIO(body)
    stream.seek(len(_BYTE_ORDER_MARK) if body.startswith(_BYTE_ORDER_MARK) else 0)
    # Only at LF, and untranslated: a carriage return alone must not end a line.
    lines = _Lines(io.TextIOWrapper(stream, encoding="utf-8", newline="\n"))
    reader = csv.reader(lines, strict=True)
    while True:
        line = reader.line_num + 1
        lines.record.clear()
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise refused("csv_syntax", _reason(str(error)), line) from None
        if fields is None:
            return
        if not _is_plain(lines.record) and not _RECORD.fullmatch("".join(lines.record)):
            raise refused("csv_syntax", _MISPLACED, line)
        yield line, fields


def refused(code: str, detail: str, line: int) -> InvalidInput:
    """Return the error of a file that cannot be read any further."""
    return InvalidInput([Problem("", code, f"line {line}: {detail}", line=line)])


class _Lines:
    """The lines of a text, which remembers those that were asked for."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.record: list[str] = []

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            self.record.append(line)
            yield line


def _check_bytes(body: bytes) -> None:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} of the file is not UTF-8; is it a binary file, or in another encoding?"
        raise refused("csv_not_utf8", detail, _line_of(body, error.start)) from None
    nul = body.find(b"\0")
    if nul >= 0:
        detail = f"byte {nul} of the file is 0, which no text has in it; is it a binary file, or UTF-16?"
        raise refused("csv_nul", detail, _line_of(body, nul))


def _line_of(body: bytes, offset: int) -> int:
    return body.count(b"\n", 0, offset) + 1


def _is_plain(record: list[str]) -> bool:
    """Return whether there is nothing to mistake: one line, no quotes, a carriage return only at its end."""
    return len(record) == 1 and '"' not in record[0] and "\r" not in record[0].removesuffix("\r\n")


def _reason(text: str) -> str:
    return next((reason for start, reason in _REASONS.items() if text.startswith(start)), _MISPLACED)
