"""Bringing a database to the newest schema, from any earlier one or from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event

import migrations

if TYPE_CHECKING:
    from services.store import Store

#: The advisory lock that lets one migrator at a time into a PostgreSQL database; any number would do.
_LOCK = 0x6772_6164_7175_6575

#: Seconds to wait for another migrator, or for writers to leave the database alone.
_PATIENCE = 60


def upgrade(url: str) -> None:
    """Run the missing migrations, all in one transaction; another migrator waits and then finds none.

    The folder of a SQLite file is created if need be.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached or refused; nothing was changed.
    """
    db_engine = _connect(url)
    try:
        with db_engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            command.upgrade(_config(connection), "head")
    finally:
        db_engine.dispose()


def is_current(store: Store) -> bool:
    """Say whether the database has the schema that this code is written for.

    Raises:
        Unavailable: the store cannot be reached now.
    """
    with store.reading() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
    return set(heads) == set(ScriptDirectory.from_config(_config(None)).get_heads())


def _connect(url: str) -> Engine:
    if sqlalchemy.make_url(url).get_backend_name() == "postgresql":
        return sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    Path(sqlalchemy.make_url(url).database or ".").parent.mkdir(parents=True, exist_ok=True)
    db_engine = sqlalchemy.create_engine(
        url, poolclass=sqlalchemy.NullPool, connect_args={"timeout": _PATIENCE, "isolation_level": None}
    )
    # Foreign keys stay unenforced here, as SQLite asks for while tables are rebuilt.
    event.listen(db_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return db_engine


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    return config
