"""Stored datasets as clients see them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from services.schemas import summary
from services.schemas.csv import writing
from services.schemas.times import timestamp

if TYPE_CHECKING:
    from nn.data import Dataset
    from services.schemas.documents import (
        DatasetDocument,
        DatasetsDocument,
        DescribedDatasetDocument,
        RowsDocument,
    )
    from services.store.rows import DatasetRow


def present(dataset: DatasetRow) -> DatasetDocument:
    """Return what is known without looking at the numbers."""
    base = f"/v1/datasets/{dataset.id}"
    return {
        "id": dataset.id,
        "object": "dataset",
        "name": dataset.name,
        "created_at": timestamp(dataset.created_at),
        "sha256": dataset.sha256,
        "problem": "regression" if dataset.labels is None else "classification",
        "rows": dataset.rows,
        "inputs": dataset.inputs,
        "targets": dataset.targets,
        "labels": dataset.labels,
        "links": {"self": base, "rows": f"{base}/rows", "content": f"{base}/content"},
    }


def present_page(datasets: Sequence[DatasetRow], next_cursor: str | None) -> DatasetsDocument:
    """Return a page of datasets."""
    return {
        "data": [present(dataset) for dataset in datasets],
        "has_more": next_cursor is not None,
        "next_cursor": next_cursor,
    }


def describe(row: DatasetRow, dataset: Dataset) -> DescribedDatasetDocument:
    """Return all that is known: every column, and what may be wrong."""
    names = names_of(row)
    return {
        **present(row),
        "columns": summary.columns(dataset, names),
        "warnings": summary.warnings(dataset, names),
    }


def present_rows(row: DatasetRow, dataset: Dataset, after: int | None, limit: int) -> RowsDocument:
    """Return at most `limit` rows after the row `after`."""
    begin = 0 if after is None else after + 1
    end = min(begin + limit, dataset.rows)
    has_more = end < dataset.rows
    return {
        "object": "rows",
        "dataset_id": row.id,
        "column_names": names_of(row),
        "first_row": begin,
        "data": [list(values) for values in _rows(dataset, begin, end)],
        "has_more": has_more,
        "next_cursor": str(end - 1) if has_more else None,
    }


def to_csv(row: DatasetRow, dataset: Dataset) -> Iterator[bytes]:
    """Yield the dataset as a CSV file, piece by piece."""
    return writing.pieces(dataset, names_of(row))


def to_json(row: DatasetRow, dataset: Dataset) -> bytes:
    """Return the dataset as the body that `POST /v1/datasets` takes."""
    labels = dataset.labels
    document: dict[str, Any] = {
        "name": row.name,
        "problem": "regression" if labels is None else "classification",
        "column_names": names_of(row),
        "inputs": dataset.inputs,
        "targets": dataset.targets if labels is None else _labels(dataset, 0, dataset.rows),
    }
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def names_of(row: DatasetRow) -> list[str]:
    """Return the names of the inputs' columns, then of the targets'; some name for those that have none."""
    if row.column_names is not None:
        return row.column_names
    targets = ["y"] if row.targets == 1 else [f"y{number}" for number in range(row.targets)]
    return [*(f"x{number}" for number in range(row.inputs)), *targets]


def _rows(dataset: Dataset, begin: int, end: int) -> Iterator[Sequence[Any]]:
    inputs = dataset.inputs[begin:end].tolist()
    if dataset.labels is None:
        targets: list[list[Any]] = dataset.targets[begin:end].tolist()
    else:
        targets = [[label] for label in _labels(dataset, begin, end)]
    for x, y in zip(inputs, targets, strict=True):
        yield x + y


def _labels(dataset: Dataset, begin: int, end: int) -> list[Any]:
    labels = dataset.labels or ()
    return [labels[number] for number in dataset.targets[begin:end, 0].astype(int).tolist()]
