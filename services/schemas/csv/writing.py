"""A dataset as CSV (RFC 4180): read again, with its targets named, it is the same dataset."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from services.schemas.csv.cells import written

if TYPE_CHECKING:
    from nn.data import Dataset, Label

#: Rows written at a time: a large dataset never stands in memory as text.
_ROWS = 1000


def pieces(dataset: Dataset, names: Sequence[str]) -> Iterator[bytes]:
    """Yield the file: the names of the columns, then every sample, with its targets last.

    Doubles are written in the shortest form that reads back as the same.
    """
    labels = None if dataset.labels is None else [_label(label) for label in dataset.labels]
    yield _lines([map(written, names)])
    for begin in range(0, dataset.rows, _ROWS):
        inputs = dataset.inputs[begin : begin + _ROWS].tolist()
        targets: list[list[Any]] = dataset.targets[begin : begin + _ROWS].tolist()
        if labels is not None:
            targets = [[labels[int(number)]] for (number,) in targets]
        yield _lines(x + y for x, y in zip(inputs, targets, strict=True))


def _label(label: Label) -> str:
    return written(label) if isinstance(label, str) else str(label)


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
