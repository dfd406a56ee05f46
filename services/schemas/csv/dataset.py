"""A CSV file as a dataset: which columns are inputs, which are targets, and what the targets are."""

from __future__ import annotations

import csv
import difflib
from typing import TYPE_CHECKING

import numpy as np

from nn.data import Dataset
from services.errors import InvalidInput, Problem
from services.schemas.csv.header import open_csv
from services.schemas.csv.records import refused
from services.schemas.csv.table import read_table
from services.schemas.data import labelled

if TYPE_CHECKING:
    import nn.spec
    from services.schemas.csv.table import Table
    from services.settings import Limits

#: Rows of a file that somebody means as a dataset.
LEAST_ROWS = 2
#: Similarity from which a name is taken for a slip of a column's.
_CLOSE = 0.6
#: Characters of a column's name that an error repeats; there may be two in one.
_ECHO = 30

_LABELS_HINT = "; labels need problem=classification"


def read_dataset(
    body: bytes, limits: Limits, *, target: str | None, problem: nn.spec.Problem | None
) -> tuple[Dataset, tuple[str, ...]]:
    """Return the dataset, and the names of its columns: the inputs', then the targets'.

    `target` names the target columns, several with commas between as in the file's header; None is the last
    column. Of a regression's targets every cell is a number, of a classification's every cell is a label.

    Raises:
        InvalidInput: with the line and column of every bad cell, or what is wrong with `target`.
    """
    file = open_csv(body, limits)
    if len(file.names) < 2:
        raise refused("csv_header", "a dataset has at least two columns: an input and a target", 1)
    targets = _targets(file.names, target)
    inputs = [column for column in range(len(file.names)) if column not in targets]
    _check_width(inputs, targets, limits)
    names = tuple(file.names[column] for column in (*inputs, *targets))
    if problem == "classification":
        if len(targets) > 1:
            detail = f"classification needs one label per row, not {len(targets)} columns"
            raise InvalidInput([Problem("/target", "inconsistent", detail)])
        table = read_table(file, limits, label_column=targets[0], least_rows=LEAST_ROWS)
        return labelled(table.numbers, table.labels or []), names
    hints = dict.fromkeys(targets, _LABELS_HINT)
    table = read_table(file, limits, least_rows=LEAST_ROWS, hints=hints)
    return Dataset(_columns(table, inputs), _columns(table, targets)), names


def _columns(table: Table, columns: list[int]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.ascontiguousarray(table.numbers[:, columns])


def _targets(names: tuple[str, ...], target: str | None) -> list[int]:
    """Return which columns are meant, in the order asked for."""
    if target is None:
        return [len(names) - 1]
    try:
        wanted = next(csv.reader([target], strict=True), [])
    except csv.Error:
        wanted = []
    places = {name: column for column, name in enumerate(names)}
    unknown = [name for name in wanted or [target] if name not in places]
    if unknown:
        detail = f"there is no column {unknown[0][:_ECHO]!r}{_hint(unknown[0], names)}"
        raise InvalidInput([Problem("/target", "unknown_column", detail)])
    if len(set(wanted)) < len(wanted):
        raise InvalidInput([Problem("/target", "repeated", "a column is named more than once")])
    if len(wanted) == len(names):
        raise InvalidInput([Problem("/target", "inconsistent", "no column is left for the inputs")])
    return [places[name] for name in wanted]


def _hint(name: str, names: tuple[str, ...]) -> str:
    nearest = difflib.get_close_matches(name[:_ECHO], [known[:_ECHO] for known in names], n=1, cutoff=_CLOSE)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


def _check_width(inputs: list[int], targets: list[int], limits: Limits) -> None:
    for what, columns in (("inputs", inputs), ("targets", targets)):
        if len(columns) > limits.columns:
            raise refused("too_long", f"there may be {limits.columns} {what}, not {len(columns)}", 1)
