"""SQLite as the store: how a connection is made, and how a transaction begins on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import Connection, Engine, event

from services.store import schema

if TYPE_CHECKING:
    from services.settings import Settings

#: Execution options that `Store` sets on a connection before its transaction begins.
WRITES = "gradqueue_writes"
DURABLE = "gradqueue_durable"

#: Megabytes of mapped file; reading a loss curve then copies no pages.
_MAPPED = 256


def connect(url: str, settings: Settings) -> Engine:
    """Make the engine for a SQLite file, creating the folder it is in."""
    database = sqlalchemy.make_url(url).database
    if database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    db_engine = sqlalchemy.create_engine(
        url,
        pool_size=settings.database_pool,
        max_overflow=0,
        pool_timeout=settings.database_wait_seconds,
    )
    busy_milliseconds = round(settings.database_wait_seconds * 1000)

    @event.listens_for(db_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # None: the driver begins no transaction of its own. Its default begins one too late, before the
        # first write, and two processes that read and then write lose each other's updates.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {busy_milliseconds}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA mmap_size = {_MAPPED * 2**20}")
        schema.check(connection)

    event.listen(db_engine, "begin", _begin)
    return db_engine


def _begin(connection: Connection) -> None:
    # Both pragmas belong to the connection and only take effect outside a transaction, so they are said
    # at every beginning; they cost microseconds.
    options = connection.get_execution_options()
    if not options.get(WRITES):
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql("PRAGMA query_only = OFF")
    level = "FULL" if options.get(DURABLE) else "NORMAL"
    connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
