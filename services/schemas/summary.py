"""What there is to know about a dataset's numbers: of each column, and what may be wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nn.data import Dataset
    from nn.numerics import Floats
    from services.schemas.documents import ColumnDocument, WarningDocument

#: Places that a warning lists; the rest are counted.
LISTED = 20
#: A class with this many times fewer samples than the largest is easily never learned.
IMBALANCE = 10


def columns(dataset: Dataset, names: Sequence[str]) -> list[ColumnDocument]:
    """Describe the inputs' columns, then the targets'."""
    inputs = dataset.inputs.shape[1]
    described = _numbers(dataset.inputs, names[:inputs], "input")
    if dataset.labels is None:
        return [*described, *_numbers(dataset.targets, names[inputs:], "target")]
    target: ColumnDocument = {
        "name": names[-1],
        "role": "target",
        "labels": list(dataset.labels),
        "counts": _counts(dataset).tolist(),
    }
    return [*described, target]


def warnings(dataset: Dataset, names: Sequence[str]) -> list[WarningDocument]:
    """Return what is allowed but probably not meant."""
    return [*_constants(dataset, names), *_repetitions(dataset), *_imbalance(dataset)]


def _numbers(values: Floats, names: Sequence[str], role: str) -> Iterator[ColumnDocument]:
    """Describe columns of numbers (n, k); `std` is the population's, as scikit-learn's scaler has it."""
    least, most = values.min(axis=0), values.max(axis=0)
    # Sums of doubles may be too large for one: first everything is brought below 1.
    scale = np.maximum(np.abs(least), np.abs(most))
    scale[scale == 0.0] = 1.0
    scaled = values / scale
    mean = np.clip(scaled.mean(axis=0) * scale, least, most)
    std = np.where(least == most, 0.0, scaled.std(axis=0) * scale)
    for name, *numbers in zip(names, *(each.tolist() for each in (least, most, mean, std)), strict=True):
        document: ColumnDocument = {"name": name, "role": "input" if role == "input" else "target"}
        document["min"], document["max"], document["mean"], document["std"] = numbers
        yield document


def _counts(dataset: Dataset) -> NDArray[np.int64]:
    return np.bincount(dataset.targets[:, 0].astype(np.int64), minlength=len(dataset.labels or ()))


def _constants(dataset: Dataset, names: Sequence[str]) -> Iterator[WarningDocument]:
    values = np.hstack([dataset.inputs, dataset.targets])
    constant = np.flatnonzero(values.min(axis=0) == values.max(axis=0)).tolist()
    if constant:
        yield {
            "code": "constant_column",
            "detail": f"columns with one value in all rows: {len(constant)}; nothing is learned of them",
            "columns": [names[column] for column in constant[:LISTED]],
            "total": len(constant),
        }


def _repetitions(dataset: Dataset) -> Iterator[WarningDocument]:
    first = _first_equal(dataset.inputs)
    is_later = first != np.arange(dataset.rows)
    is_same = (dataset.targets == dataset.targets[first]).all(axis=1)
    same = np.flatnonzero(is_later & is_same).tolist()
    if same:
        yield {
            "code": "duplicate_rows",
            "detail": f"rows that are an earlier one again: {len(same)}",
            "rows": same[:LISTED],
            "total": len(same),
        }
    other = np.flatnonzero(is_later & ~is_same).tolist()
    if other:
        yield {
            "code": "contradictory_duplicates",
            "detail": f"rows with an earlier one's inputs and another target: {len(other)}",
            "rows": other[:LISTED],
            "total": len(other),
        }


def _first_equal(values: Floats) -> NDArray[np.int64]:
    """Return for every row (n, k) the number of the first row that equals it."""
    same_zeros = np.ascontiguousarray(values + 0.0)  # -0.0 is 0.0
    rows = same_zeros.view(np.dtype((np.void, same_zeros.itemsize * same_zeros.shape[1])))[:, 0]
    _, first, which = np.unique(rows, return_index=True, return_inverse=True)
    return first[which]


def _imbalance(dataset: Dataset) -> Iterator[WarningDocument]:
    if dataset.labels is None:
        return
    counts = _counts(dataset)
    few = np.flatnonzero(counts * IMBALANCE <= counts.max()).tolist()
    if few:
        yield {
            "code": "class_imbalance",
            "detail": f"labels with at most a tenth of the rows that the most frequent one has: {len(few)}",
            "labels": [dataset.labels[number] for number in few[:LISTED]],
            "total": len(few),
        }
