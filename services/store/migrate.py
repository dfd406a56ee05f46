"""Bringing a database to the newest schema, from any earlier one or from nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, NullPool, event

import migrations
from services.store import schema
from services.store.patient import LOCK, PATIENCE


def upgrade(url: str) -> None:
    """Run the missing migrations, all in one transaction; another migrator waits and then finds none.

    The folder of a SQLite file is created if need be. A newer database that admits this code stays as it is.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached, or refused; nothing was changed.
        SchemaMismatch: the database is of a later version, which admits this one no more.
    """
    with connected(url) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision is not None and revision > schema.REVISION:
            schema.judge(lambda query: connection.exec_driver_sql(query).scalar())
        else:
            command.upgrade(config(connection), "head")


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Be the only migrator: one transaction, committed at the end of the block."""
    db_engine = _make_engine(url)
    try:
        with db_engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            yield connection
    finally:
        db_engine.dispose()


def config(connection: Connection | None) -> Config:
    """Return what Alembic's commands want to be told: where the migrations are, and what to migrate."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    return config


def _make_engine(url: str) -> Engine:
    parts = sqlalchemy.make_url(url)
    if parts.get_backend_name() == "postgresql":
        return sqlalchemy.create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": PATIENCE})
    Path(parts.database or "").parent.mkdir(parents=True, exist_ok=True)
    options = {"timeout": PATIENCE, "isolation_level": None}
    db_engine = sqlalchemy.create_engine(url, poolclass=NullPool, connect_args=options)
    # Foreign keys are not enforced on this connection: rebuilding a table, as SQLite must, breaks them.
    event.listen(db_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return db_engine
