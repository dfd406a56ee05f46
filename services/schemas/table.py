"""Tables of numbers and columns of labels, read from JSON with the row and column of every bad cell."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from services.schemas.fields import Refusal, refuse
from services.schemas.kinds import kind

if TYPE_CHECKING:
    from pydantic import ValidationInfo
    from pydantic_core import ValidationError

    from nn.data import Label
    from nn.numerics import Floats
    from services.settings import Limits

#: Bad cells that get a line of their own; the rest are counted.
LISTED = 20

#: Characters of one label. It is a class name and heads columns.
LABEL_LENGTH = 100

_NUMBERS = {int, float}


def read_inputs(rows: Any, info: ValidationInfo[Limits]) -> Floats:
    """Return a JSON array of equally long rows of numbers as float64 (n, d)."""
    _check_length(rows, info.context)
    return _read_rows(rows, info.context)


def read_targets(targets: Any, info: ValidationInfo[Limits]) -> Floats | list[Label]:
    """Return targets as float64 (n, m), or as the list of labels if they are all texts.

    Numbers may still turn out to be labels, once the problem is known.
    """
    _check_length(targets, info.context)
    kinds = set(map(type, targets))
    if kinds <= _NUMBERS:
        return np.array(targets, dtype=np.float64).reshape(-1, 1)
    if kinds == {str}:
        return _read_texts(targets)
    if list in kinds:
        return _read_rows(targets, info.context)
    raise _refuse_cells(_strange_targets(targets, str if type(targets[0]) is str else float))


def _check_length(rows: Any, limits: Limits) -> None:
    if not isinstance(rows, list):
        raise refuse(Refusal((), "type", f"must be an array, not {kind(rows)}"))
    if not rows:
        raise refuse(Refusal((), "too_short", "must have at least one row"))
    if len(rows) > limits.rows:
        raise refuse(Refusal((), "too_long", f"must have at most {limits.rows} rows, not {len(rows)}"))


def _read_rows(rows: list[Any], limits: Limits) -> Floats:
    """Check every type first: NumPy would take true for 1.0."""
    width = len(rows[0]) if isinstance(rows[0], list) else None
    if width == 0:
        raise refuse(Refusal((0,), "too_short", "row 0 has no columns"))
    if width is not None and width > limits.columns:
        raise refuse(Refusal((0,), "too_long", f"must have at most {limits.columns} columns, not {width}"))
    if all(type(row) is list and len(row) == width and set(map(type, row)) <= _NUMBERS for row in rows):
        return np.array(rows, dtype=np.float64)
    raise _refuse_cells(_strange_cells(rows, width))


def _strange_cells(rows: list[Any], width: int | None) -> Iterator[Refusal]:
    for r, row in enumerate(rows):
        if not isinstance(row, list):
            yield Refusal((r,), "type", f"row {r} must be an array of numbers, not {kind(row)}")
            continue
        if width is not None and len(row) != width:
            yield Refusal((r,), "ragged", f"row {r} has {len(row)} columns, but row 0 has {width}")
        for c, cell in enumerate(row):
            if type(cell) not in _NUMBERS:
                yield Refusal((r, c), "type", f"row {r}, column {c}: must be a number, not {kind(cell)}")


def _read_texts(labels: list[str]) -> list[Label]:
    if all(0 < len(label) <= LABEL_LENGTH and label.isprintable() for label in labels):
        return list(labels)
    raise _refuse_cells(
        Refusal((r,), "label", f"row {r}: a label has 1 to {LABEL_LENGTH} printable characters")
        for r, label in enumerate(labels)
        if not (0 < len(label) <= LABEL_LENGTH and label.isprintable())
    )


def _strange_targets(targets: list[Any], wanted: type) -> Iterator[Refusal]:
    """Yield the rows that are not of the first row's kind."""
    word = "a text like row 0" if wanted is str else "a number"
    fine = {str} if wanted is str else _NUMBERS
    for r, target in enumerate(targets):
        if type(target) not in fine:
            yield Refusal((r,), "type", f"row {r}: must be {word}, not {kind(target)}")


def _refuse_cells(strange: Iterator[Refusal]) -> ValidationError:
    listed = list(islice(strange, LISTED))
    return refuse(*listed, unlisted=sum(1 for _ in strange))
