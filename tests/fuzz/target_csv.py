"""What must hold for a CSV file of any bytes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from services.errors import InvalidInput
from services.schemas.csv.dataset import read_dataset
from services.schemas.csv.writing import pieces
from services.settings import Limits
from tests.fuzz import reference_csv

if TYPE_CHECKING:
    from nn.data import Dataset

LIMITS = Limits(rows=100, columns=20)
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Problem = Literal["regression", "classification"]
PROBLEMS: tuple[Problem, ...] = ("regression", "classification")


def check_csv(body: bytes) -> str:
    """Read a file as a dataset, for regression and for classification; return how the two ended.

    It is refused with a documented error, or accepted: then the reference reads the same cells, what is
    written out holds no formula, and read again it is the same dataset. Raises if anything else happens.
    """
    return ".".join(_check(body, problem) for problem in PROBLEMS)


def _check(body: bytes, problem: Problem) -> str:
    try:
        dataset, names = read_dataset(body, LIMITS, target=None, problem=problem)
    except InvalidInput as error:
        assert 1 <= len(error.problems) <= 20  # noqa: PT017 (no test but what tests and the fuzzer call)
        assert error.total >= len(error.problems)  # noqa: PT017
        assert all(found.line or found.pointer for found in error.problems)  # noqa: PT017
        return error.problems[0].code
    rows = reference_csv.read(body.decode().removeprefix("\ufeff"))
    assert rows is not None
    assert _is_what_is_written(dataset, names, rows)
    _check_download(dataset, names, problem)
    return "accepted"


def _is_what_is_written(dataset: Dataset, names: tuple[str, ...], rows: reference_csv.Rows) -> bool:
    header, *cells = rows
    assert [_text(field) for field in header] == list(names)
    assert len(cells) == dataset.rows
    for row, inputs, targets in zip(cells, dataset.inputs.tolist(), dataset.targets.tolist(), strict=True):
        *numbers, target = row
        assert all(map(_is_same, map(reference_csv.number, numbers), inputs))
        if dataset.labels is None:
            assert _is_same(reference_csv.number(target), targets[0])
        else:
            label = dataset.labels[int(targets[0])]
            assert label == (_text(target) if isinstance(label, str) else reference_csv.number(target))
    return True


def _check_download(dataset: Dataset, names: tuple[str, ...], problem: Problem) -> None:
    written = b"".join(pieces(dataset, names))
    rows = reference_csv.read(written.decode())
    assert rows is not None
    for row in rows:
        for field in row:
            assert not field.startswith(FORMULA) or reference_csv.number(field) is not None
    again, names_again = read_dataset(written, LIMITS, target=None, problem=problem)
    assert names_again == names
    assert again.sha256 == dataset.sha256


def _text(field: str) -> str:
    """Take away the apostrophe before what would be a formula, a number or another such apostrophe."""
    rest = field.lstrip("'")
    is_escaped = len(rest) < len(field) and (
        rest.startswith(FORMULA) or reference_csv.number(rest) is not None
    )
    return field[1:] if is_escaped else field


def _is_same(first: float | None, second: float) -> bool:
    return first is not None and first == second and math.copysign(1, first) == math.copysign(1, second)
