"""Datasets in the store: one row per owner and content, whoever sends it and however often."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from nn.data import Dataset
from services.ids import new_id
from services.status import TERMINAL
from services.store.clock import now_us
from services.store.rows import DatasetRow
from services.store.sealed import Sealed
from services.store.tables import datasets, jobs

#: The columns of a `DatasetRow`.
COLUMNS = [datasets.c[field.name] for field in dataclasses.fields(DatasetRow)]

_NAMES = datasets.c.column_names.type

# Statements are made once: making one takes longer than executing it.
_LOAD = select(datasets.c.sha256, datasets.c.data).where(datasets.c.id == bindparam("dataset"))
_HOLD_ANY = select(datasets.c.id).with_for_update(read=True, key_share=True)
_HOLD = _HOLD_ANY.where(datasets.c.owner == bindparam("owner"), datasets.c.id == bindparam("dataset"))
_HOLD_CONTENT = _HOLD_ANY.where(
    datasets.c.owner == bindparam("owner"), datasets.c.sha256 == bindparam("sha256")
)


@dataclass(frozen=True, slots=True)
class Content:
    """A dataset ready to be stored; made before a transaction begins, because it encodes every number."""

    rows: int
    inputs: int
    targets: int
    labels: list[str | int] | None
    packed: Sealed

    @classmethod
    def of(cls, dataset: Dataset) -> Content:
        """Encode `dataset`."""
        rows, inputs = dataset.inputs.shape
        labels = None if dataset.labels is None else list(dataset.labels)
        targets = dataset.targets.shape[1]
        return cls(rows, inputs, targets, labels, Sealed.of(dataset.to_bytes()))


def keep(connection: Connection, owner: str, content: Content) -> str:
    """Return the id of the dataset with this content, stored now if it is new, and hold on to it.

    Until the transaction ends nobody can delete it.
    """
    known = connection.scalar(_HOLD_CONTENT, {"owner": owner, "sha256": content.packed.sha256})
    return known or _insert(connection, owner, content, inline=True)[0]


def hold(connection: Connection, owner: str, dataset_id: str) -> bool:
    """Say whether the dataset exists; if so, nobody can delete it until the transaction ends."""
    return connection.scalar(_HOLD, {"owner": owner, "dataset": dataset_id}) is not None


def put(
    connection: Connection, owner: str, content: Content, name: str | None, column_names: list[str] | None
) -> tuple[str, bool]:
    """Store a dataset for its own sake: it stays until it is deleted. Return its id and whether it is new.

    Names are not content: the first ones that somebody gives to a dataset, and to its columns, stay.
    """
    known = connection.execute(
        update(datasets)
        .where(datasets.c.owner == owner, datasets.c.sha256 == content.packed.sha256)
        .values(
            inline=False,
            name=func.coalesce(datasets.c.name, name),
            column_names=func.coalesce(datasets.c.column_names, literal(column_names, _NAMES)),
        )
        .returning(datasets.c.id)
    ).scalar_one_or_none()
    if known is not None:
        return known, False
    return _insert(connection, owner, content, inline=False, name=name, column_names=column_names)


def load(connection: Connection, dataset_id: str | None) -> Sealed | None:
    """Return a dataset, or None if there is none (any more, or at all); `opened` makes it usable."""
    if dataset_id is None:
        return None
    row = connection.execute(_LOAD, {"dataset": dataset_id}).one_or_none()
    return None if row is None else Sealed(row.sha256, bytes(row.data))


def opened(sealed: Sealed) -> Dataset:
    """Return a dataset that was loaded; do it after the transaction.

    Raises:
        Damaged: the bytes are not those that were stored.
    """
    return Dataset.from_bytes(sealed.opened())


def lock(connection: Connection, owner: str, dataset_id: str) -> bool:
    """Say whether the dataset exists; if so, no job can begin to use it until the transaction ends."""
    statement = (
        select(datasets.c.id).where(datasets.c.owner == owner, datasets.c.id == dataset_id).with_for_update()
    )
    return connection.execute(statement).scalar_one_or_none() is not None


def remove_unused(connection: Connection, dataset_ids: set[str]) -> None:
    """Delete those of the datasets that came with a job and that no job uses any more."""
    for dataset_id in sorted(dataset_ids):
        # Lock first, look second: a submission that holds the dataset is then visible to the second.
        connection.execute(select(datasets.c.id).where(datasets.c.id == dataset_id).with_for_update())
        connection.execute(
            delete(datasets).where(
                datasets.c.id == dataset_id, datasets.c.inline, ~exists(_users(dataset_id))
            )
        )


def is_needed(connection: Connection, dataset_id: str) -> bool:
    """Say whether a job that is not terminal uses the dataset."""
    users = _users(dataset_id).where(jobs.c.status.not_in(sorted(TERMINAL)))
    return connection.execute(users.limit(1)).first() is not None


def _users(dataset_id: str) -> Select[str]:
    return select(jobs.c.id).where(
        or_(jobs.c.dataset_id == dataset_id, jobs.c.validation_dataset_id == dataset_id)
    )


def _insert(
    connection: Connection,
    owner: str,
    content: Content,
    *,
    inline: bool,
    name: str | None = None,
    column_names: list[str] | None = None,
) -> tuple[str, bool]:
    """Insert a dataset, or find the one that somebody else inserted a moment ago; tell whether it is new."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    dataset_id = new_id("ds")
    statement = dialect.insert(datasets).values(
        id=dataset_id,
        owner=owner,
        name=name,
        created_at=now_us(),
        sha256=content.packed.sha256,
        rows=content.rows,
        inputs=content.inputs,
        targets=content.targets,
        labels=content.labels,
        inline=inline,
        data=content.packed.data,
        column_names=column_names,
    )
    both_inline = and_(datasets.c.inline, statement.excluded.inline)
    upsert = statement.on_conflict_do_update(index_elements=["owner", "sha256"], set_={"inline": both_inline})
    stored_id = str(connection.execute(upsert.returning(datasets.c.id)).scalar_one())
    return stored_id, stored_id == dataset_id
