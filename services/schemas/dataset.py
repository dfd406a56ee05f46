"""Stored datasets as clients see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.schemas.times import timestamp

if TYPE_CHECKING:
    from services.schemas.documents import DatasetDocument
    from services.store.rows import DatasetRow


def present(dataset: DatasetRow) -> DatasetDocument:
    """Return the dataset's document."""
    return {
        "id": dataset.id,
        "object": "dataset",
        "name": dataset.name,
        "created_at": timestamp(dataset.created_at),
        "sha256": dataset.sha256,
        "rows": dataset.rows,
        "columns": dataset.inputs,
        "targets": dataset.targets,
        "labels": dataset.labels,
        "links": {"self": f"/v1/datasets/{dataset.id}"},
    }
