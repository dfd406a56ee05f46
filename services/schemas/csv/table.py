"""The lines below the header: a number in every column, but for that of the labels, if there is one."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from services.schemas.csv import cells
from services.schemas.csv.records import refused
from services.schemas.findings import Findings
from services.schemas.table import LABEL_LENGTH

if TYPE_CHECKING:
    from nn.data import Label
    from nn.numerics import Floats
    from services.schemas.csv.header import Csv
    from services.settings import Limits

#: Whole numbers above this have neighbours that are the same double.
_LARGEST_LABEL = 2**53 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Numbers (n, k), one column for each name but the labels', and the labels if a column holds them."""

    numbers: Floats
    labels: list[Label] | None


def read_table(
    csv: Csv,
    limits: Limits,
    *,
    label_column: int | None = None,
    least_rows: int = 1,
    hints: Mapping[int, str] = MappingProxyType({}),
) -> Table:
    """Read all that is left of a file.

    `hints` are what to add, by column (from 0), when a text stands where a number must.

    Raises:
        InvalidInput: with the line and column of every bad cell: 20 of them, and how many there are.
    """
    reading = _Reading(csv.names, label_column, hints)
    for count, (line, fields) in enumerate(csv.records, 1):
        if count > limits.rows:
            raise refused("too_long", f"there may be at most {limits.rows} rows below the header", line)
        reading.take(line, fields)
    if reading.rows < least_rows and not reading.findings.found:
        detail = f"there must be at least {least_rows} rows below the header, not {reading.rows}"
        raise refused("too_short", detail, reading.last_line)
    reading.findings.raise_if_any()
    width = len(csv.names) - (label_column is not None)
    numbers = np.frombuffer(reading.numbers, np.float64).reshape(-1, width)
    return Table(numbers.copy(), None if label_column is None else _labels(reading.texts))


class _Reading:
    """What was read so far. Only what is fine is kept, and what is not is listed or counted."""

    def __init__(self, names: tuple[str, ...], label_column: int | None, hints: Mapping[int, str]) -> None:
        self._names = names
        self._label_column = label_column
        self._hints = hints
        self.numbers = array("d")
        self.texts: list[str] = []
        self.findings = Findings()
        self.rows = 0
        self.last_line = 1

    def take(self, line: int, fields: list[str]) -> None:
        """Read one record."""
        self.rows += 1
        self.last_line = line
        if len(fields) != len(self._names):
            self._find_ragged(line, fields)
            return
        label = None if self._label_column is None else fields.pop(self._label_column)
        values = cells.numbers(fields)
        if values is None:
            self._find_numbers(line, fields)
        elif not self.findings.found:
            self.numbers.extend(values)
        if label is not None:
            self._take_label(line, label)

    def _find_ragged(self, line: int, fields: list[str]) -> None:
        what = f"fields: {len(fields)}; the header has {len(self._names)}" if fields else "is empty"
        self.findings.add_line("ragged", what, line)

    def _find_numbers(self, line: int, fields: list[str]) -> None:
        columns = [column for column in range(len(self._names)) if column != self._label_column]
        for column, cell in zip(columns, fields, strict=True):
            problem = cells.number_problem(cell)
            if problem is not None:
                code, detail = problem
                hint = self._hints.get(column, "") if code == "type" else ""
                self.findings.add_line(code, detail + hint, line, column + 1)

    def _take_label(self, line: int, cell: str) -> None:
        label = cells.text(cell)
        if 0 < len(label) <= LABEL_LENGTH and label.isprintable():
            self.texts.append(cell)
            return
        column = (self._label_column or 0) + 1
        if label:
            detail = f"a label has 1 to {LABEL_LENGTH} printable characters"
            self.findings.add_line("label", detail, line, column)
        else:
            self.findings.add_line("empty_cell", "is empty; every row needs a label", line, column)


def _labels(texts: list[str]) -> list[Label]:
    """Return whole numbers if all the labels are, else texts."""
    distinct = {cell: _whole(cell) for cell in set(texts)}
    if None not in distinct.values():
        return [number for cell in texts if (number := distinct[cell]) is not None]
    return [cells.text(cell) for cell in texts]


def _whole(cell: str) -> int | None:
    if not cells.is_number(cell):
        return None
    number = float(cell)
    return int(number) if number.is_integer() and abs(number) <= _LARGEST_LABEL else None
