"""Datasets in the store: one row per owner and content, whoever sends it and however often."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Select, delete, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from nn.data import Dataset
from services.errors import Damaged
from services.ids import new_id
from services.status import TERMINAL
from services.store.clock import now_us
from services.store.tables import datasets, jobs

#: All columns but the numbers.
COLUMNS = [column for column in datasets.c if column.name != "data"]


@dataclass(frozen=True, slots=True)
class Content:
    """A dataset ready to be stored; made before a transaction begins, because it encodes every number."""

    sha256: str
    rows: int
    inputs: int
    targets: int
    labels: list[str | int] | None
    data: bytes

    @classmethod
    def of(cls, dataset: Dataset) -> Content:
        """Encode `dataset`."""
        rows, inputs = dataset.inputs.shape
        labels = None if dataset.labels is None else list(dataset.labels)
        return cls(dataset.sha256, rows, inputs, dataset.targets.shape[1], labels, dataset.to_bytes())


@dataclass(frozen=True, slots=True)
class Packed:
    """A stored dataset as bytes, to be opened once the transaction is over."""

    sha256: str
    data: bytes

    def opened(self) -> Dataset:
        """Return the dataset.

        Raises:
            Damaged: the bytes are not those that were stored.
        """
        try:
            dataset = Dataset.from_bytes(self.data)
        except ValueError:
            raise Damaged("a stored dataset is damaged") from None
        if dataset.sha256 != self.sha256:
            raise Damaged("a stored dataset is damaged")
        return dataset


def keep(connection: Connection, owner: str, content: Content) -> str:
    """Return the id of the dataset with this content, stored now if it is new, and hold on to it.

    Until the transaction ends nobody can delete it.
    """
    known = connection.execute(
        select(datasets.c.id)
        .where(datasets.c.owner == owner, datasets.c.sha256 == content.sha256)
        .with_for_update(read=True, key_share=True)
    ).scalar_one_or_none()
    return known or _insert(connection, owner, content, name=None, inline=True)


def hold(connection: Connection, owner: str, dataset_id: str) -> bool:
    """Say whether the dataset exists; if so, nobody can delete it until the transaction ends."""
    statement = (
        select(datasets.c.id)
        .where(datasets.c.owner == owner, datasets.c.id == dataset_id)
        .with_for_update(read=True, key_share=True)
    )
    return connection.execute(statement).scalar_one_or_none() is not None


def put(connection: Connection, owner: str, content: Content, name: str | None) -> tuple[str, bool]:
    """Store a dataset for its own sake: it stays until it is deleted. Return its id and whether it is new."""
    known = connection.execute(
        update(datasets)
        .where(datasets.c.owner == owner, datasets.c.sha256 == content.sha256)
        .values(inline=False)
        .returning(datasets.c.id)
    ).scalar_one_or_none()
    if known is not None:
        return known, False
    return _insert(connection, owner, content, name=name, inline=False), True


def load(connection: Connection, dataset_id: str) -> Packed:
    """Return a dataset that exists, still packed."""
    row = connection.execute(
        select(datasets.c.sha256, datasets.c.data).where(datasets.c.id == dataset_id)
    ).one()
    return Packed(row.sha256, bytes(row.data))


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


def _insert(connection: Connection, owner: str, content: Content, *, name: str | None, inline: bool) -> str:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(datasets).values(
        id=new_id("ds"),
        owner=owner,
        name=name,
        created_at=now_us(),
        sha256=content.sha256,
        rows=content.rows,
        inputs=content.inputs,
        targets=content.targets,
        labels=content.labels,
        inline=inline,
        data=content.data,
    )
    # Somebody may have stored the same content a moment ago: then this changes nothing, but tells its id.
    known = statement.on_conflict_do_update(
        index_elements=["owner", "sha256"], set_={"sha256": content.sha256}
    )
    return str(connection.execute(known.returning(datasets.c.id)).scalar_one())
