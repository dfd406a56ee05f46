"""The first line of a CSV file, which names the columns. There is no file without one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.schemas.csv.cells import NAME_LENGTH, is_name, is_number, text
from services.schemas.csv.records import Record, records, refused
from services.schemas.findings import Findings

if TYPE_CHECKING:
    from services.settings import Limits

#: What stands between fields in files that call themselves CSV and are not.
_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class Csv:
    """A CSV file whose header is read: the names of its columns, and the records that are still to come."""

    names: tuple[str, ...]
    records: Iterator[Record]


def open_csv(body: bytes, limits: Limits) -> Csv:
    """Read the header.

    Raises:
        InvalidInput: the file cannot be read, or its first line does not name columns.
    """
    rest = records(body)
    line, fields = next(rest, (1, []))
    if not fields:
        raise refused("csv_header", "the first line is empty; it must have the names of the columns", line)
    _check_shape(line, fields, limits)
    names = tuple(map(text, fields))
    findings, seen = Findings(), set[str]()
    for column, name in enumerate(names, 1):
        if not is_name(name):
            detail = f"the name of a column has 1 to {NAME_LENGTH} printable characters"
            findings.add_line("csv_header", detail, line, column)
        elif name in seen:
            findings.add_line("csv_header", "an earlier column has this name too", line, column)
        seen.add(name)
    findings.raise_if_any()
    return Csv(names, rest)


def _check_shape(line: int, fields: list[str], limits: Limits) -> None:
    most = 2 * limits.columns  # inputs and targets
    if len(fields) > most:
        raise refused("too_long", f"there are {len(fields)} columns, and there may be {most}", line)
    found = [word for mark, word in _OTHER_DELIMITERS.items() if len(fields) == 1 and mark in fields[0]]
    if found:
        raise refused("csv_delimiter", f"write commas between fields, not {found[0]}", line)
    if all(map(is_number, fields)):
        detail = "the first line has only numbers; it must have the names of the columns"
        raise refused("csv_header", detail, line)
