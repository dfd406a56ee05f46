"""Connections for commands that move whole databases: one transaction, as long as it takes.

The connections of `Store` give up after seconds, for a request or a flush must not wait longer. Here a person
waits, who can press Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy
from sqlalchemy import URL, Connection, Engine, NullPool, event

from services.store import schema
from services.store.failures import translated, translated_commit

#: The advisory lock that lets one command at a time change a whole PostgreSQL database; any number would do.
LOCK = 0x6772_6164_7175_6575

#: Seconds to wait for other such commands, or for writers to leave the database alone.
PATIENCE = 60


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """Read: all statements of the block see the same moment, while others go on writing.

    Raises:
        Unavailable: the database cannot be reached.
        SchemaMismatch: its tables are not those of this version.
    """
    with translated(), _connected(url, "BEGIN") as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield connection


@contextmanager
def writing(url: str) -> Iterator[Connection]:
    """Write: committed at the end of the block, rolled back if it raises. One such block at a time.

    Raises:
        Unavailable: the database cannot be reached, or others wrote all the time.
        SchemaMismatch: its tables are not those of this version.
    """
    with translated(), _connected(url, "BEGIN IMMEDIATE") as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        yield connection
        with translated_commit():
            connection.commit()


@contextmanager
def _connected(url: str, begin: str) -> Iterator[Connection]:
    parts = sqlalchemy.make_url(url)
    db_engine = _postgresql(parts) if parts.get_backend_name() == "postgresql" else _sqlite(parts, begin)
    try:
        event.listen(db_engine, "connect", lambda connection, _record: schema.check(connection))
        with db_engine.connect() as connection:
            yield connection
    finally:
        db_engine.dispose()


def _postgresql(url: URL) -> Engine:
    return sqlalchemy.create_engine(
        url,
        poolclass=NullPool,
        connect_args={"connect_timeout": PATIENCE, "application_name": "gradqueue"},
    )


def _sqlite(url: URL, begin: str) -> Engine:
    # Whoever mistypes a name wants to be told, and not given an empty database.
    existing = url.set(database=f"file:{url.database}", query={**url.query, "mode": "rw", "uri": "true"})
    db_engine = sqlalchemy.create_engine(
        existing, poolclass=NullPool, connect_args={"timeout": PATIENCE, "isolation_level": None}
    )
    event.listen(db_engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))
    event.listen(db_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return db_engine
