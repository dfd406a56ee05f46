"""A database of the previous migration with a job in every status, made through that migration's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, Table, text

from services import jobs
from services.settings import Settings
from services.status import Status
from services.store import Store, migrate, tables
from tests.support.databases import plain_engine
from tests.worker.training import DIVERGING, Training, claimed, interrupted, submitted

#: Of what a job is trained here, by the status it is in: each its own, so that none is taken for another.
SEEDS = {status: number for number, status in enumerate(Status, start=1)}

EPOCHS = 40
Rows = dict[str, list[dict[str, Any]]]


def revision() -> str:
    """The migration before the newest."""
    scripts = ScriptDirectory.from_config(migrate.config(None))
    head = scripts.get_revision("head")
    assert isinstance(head.down_revision, str)
    return head.down_revision


def training_of(status: Status) -> dict[str, Any]:
    """What the job in `status` trains; the one that fails diverges."""
    if status is Status.FAILED:
        return DIVERGING["training"]
    return {"epochs": EPOCHS, "seed": SEEDS[status], "shuffle": True, "batch_size": 1}


def fill(store: Store) -> dict[Status, str]:
    """Make one job per status, by real trainings; return their ids. Those under way have 5 epochs."""
    ids: dict[Status, str] = {}

    def one(status: Status, *then: Callable[[str], object]) -> None:
        changes = DIVERGING if status is Status.FAILED else {}
        ids[status] = submitted(store, **{**changes, "training": training_of(status)})
        for step in then:
            step(ids[status])

    one(Status.SUCCEEDED, lambda _: Training(store).run())
    one(Status.FAILED, lambda _: Training(store).run())
    one(
        Status.PAUSED,
        lambda _: interrupted(store, after_calls=5),
        lambda job_id: jobs.pause(store, job_id),
    )
    one(
        Status.CANCELLED,
        lambda _: interrupted(store, after_calls=5),
        lambda job_id: jobs.cancel(store, job_id),
    )
    one(Status.RUNNING, lambda _: interrupted(store, after_calls=5), lambda _: claimed(store))
    one(Status.QUEUED)
    return ids


def make(url: str, folder: Path, fill: Callable[[Store], dict[Status, str]] = fill) -> dict[Status, str]:
    """Bring the empty database `url` back to the previous migration and fill it; return the jobs' ids."""
    scratch = f"sqlite:///{folder}/scratch.db"
    migrate.upgrade(scratch)
    store = Store(scratch, Settings())
    ids = fill(store)
    with store.reading() as connection:
        now = {table.name: _rows(connection, table) for table in tables.metadata.sorted_tables}
    store.close()
    with migrate.connected(url) as connection:
        command.downgrade(migrate.config(connection), "base")
    with migrate.connected(url) as connection:
        command.upgrade(migrate.config(connection), revision())
    with plain_engine(url).begin() as connection:
        before = _tables(connection)
        for table in tables.metadata.sorted_tables:
            if table.name in before:
                _insert(connection, before[table.name], now[table.name])
    return ids


def rows(url: str, columns: Mapping[str, Table] | None = None) -> Rows:
    """Return all rows of the database, of all tables and columns that `columns` has, in one order."""
    with plain_engine(url).connect() as connection:
        found = columns or _tables(connection)
        return {name: _rows(connection, table) for name, table in found.items()}


def tables_of(url: str) -> Mapping[str, Table]:
    """Return the tables as the database has them now."""
    with plain_engine(url).connect() as connection:
        return _tables(connection)


def _tables(connection: Connection) -> Mapping[str, Table]:
    found = MetaData()
    found.reflect(connection)
    return {
        name: table for name, table in found.tables.items() if name not in ("alembic_version", "admission")
    }


def _rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    keys = list(table.primary_key.columns)
    return [dict(row._mapping) for row in connection.execute(sqlalchemy.select(table).order_by(*keys))]


def _insert(connection: Connection, table: Table, found: list[dict[str, Any]]) -> None:
    for row in found:
        connection.execute(table.insert(), {name: value for name, value in row.items() if name in table.c})


def say(url: str, statement: str, **values: Any) -> None:
    """Execute a statement, as an administrator would."""
    with plain_engine(url).begin() as connection:
        connection.execute(text(statement), values)
