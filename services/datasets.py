"""The use cases of datasets. Each is one short transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select
from sqlalchemy import delete as sql_delete

from services.errors import DatasetInUse, NotFound
from services.store import Store, pages
from services.store import datasets as stored
from services.store.pages import Page
from services.store.rows import DatasetRow, row_of
from services.store.tables import datasets

if TYPE_CHECKING:
    from nn.data import Dataset


@dataclass(frozen=True, slots=True)
class StoredDataset:
    """The dataset as stored; `created` is false if its content was known already."""

    row: DatasetRow
    created: bool


@dataclass(frozen=True, slots=True)
class WholeDataset:
    """A stored dataset with its numbers."""

    row: DatasetRow
    dataset: Dataset


def store_dataset(
    store: Store,
    dataset: Dataset,
    *,
    name: str | None = None,
    column_names: list[str] | None = None,
    owner: str = "",
) -> StoredDataset:
    """Store a dataset for its own sake; the same content again is the same dataset, under its first names.

    `column_names` are the inputs' and then the targets'.

    Raises:
        Unavailable: the store cannot be reached, and the dataset may or may not be stored.
    """
    content = stored.Content.of(dataset)
    with store.transaction() as connection:
        dataset_id, created = stored.put(connection, owner, content, name, column_names)
        return StoredDataset(_row(connection, dataset_id, owner), created)


def get(store: Store, dataset_id: str, owner: str = "") -> DatasetRow:
    """Return what is known of a dataset.

    Raises:
        NotFound: no such dataset, or another owner's.
        Unavailable: the store cannot be reached now.
    """
    with store.reading() as connection:
        return _row(connection, dataset_id, owner)


def content(store: Store, dataset_id: str, owner: str = "") -> Dataset:
    """Return a dataset's numbers.

    Raises:
        NotFound: no such dataset, or another owner's.
        Damaged: the stored bytes are not those that were stored.
        Unavailable: the store cannot be reached now.
    """
    return whole(store, dataset_id, owner).dataset


def whole(store: Store, dataset_id: str, owner: str = "") -> WholeDataset:
    """Return a dataset's numbers, and what is known of them.

    Raises:
        NotFound: no such dataset, or another owner's.
        Damaged: the stored bytes are not those that were stored.
        Unavailable: the store cannot be reached now.
    """
    with store.reading() as connection:
        row = _row(connection, dataset_id, owner)
        sealed = stored.load(connection, dataset_id)
    if sealed is None:
        raise _not_found(dataset_id)
    return WholeDataset(row, stored.opened(sealed))


def list_datasets(store: Store, limit: int, after: str | None = None, owner: str = "") -> Page[DatasetRow]:
    """Return at most `limit` datasets, newest first, from the cursor `after` on.

    Raises:
        InvalidInput: the cursor is not one of ours.
        Unavailable: the store cannot be reached now.
    """
    statement = select(*stored.COLUMNS).where(datasets.c.owner == owner)
    with store.reading() as connection:
        rows, next_cursor = pages.fetch(connection, statement, datasets, limit, after)
    return Page([row_of(DatasetRow, row) for row in rows], next_cursor)


def delete(store: Store, dataset_id: str, owner: str = "") -> None:
    """Delete a dataset. Terminal jobs that used it keep its id and their results.

    Raises:
        NotFound: no such dataset, or another owner's.
        DatasetInUse: a job that is not terminal needs it.
        Unavailable: the store cannot be reached now.
    """
    with store.transaction() as connection:
        if not stored.lock(connection, owner, dataset_id):
            raise _not_found(dataset_id)
        if stored.is_needed(connection, dataset_id):
            raise DatasetInUse("a job that is not terminal needs this dataset")
        connection.execute(sql_delete(datasets).where(datasets.c.id == dataset_id))


def _row(connection: Connection, dataset_id: str, owner: str) -> DatasetRow:
    statement = select(*stored.COLUMNS).where(datasets.c.id == dataset_id, datasets.c.owner == owner)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise _not_found(dataset_id)
    return row_of(DatasetRow, row)


def _not_found(dataset_id: str) -> NotFound:
    return NotFound(f"there is no dataset {dataset_id[:64]}")
