"""Looking into the store as an administrator does: with plain SQL and none of the service's care."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import sqlalchemy
from sqlalchemy import NullPool


def rows(url: str, statement: str, **parameters: Any) -> list[Any]:
    """Run a statement, with `:name` for each parameter, commit, and return the rows if there are any."""
    with sqlalchemy.create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.execute(sqlalchemy.text(statement), parameters)
        return list(result) if result.returns_rows else []


def is_locked(url: str) -> bool:
    """Return whether somebody holds SQLite's one lock for writing."""
    database = sqlalchemy.make_url(url).database
    assert database is not None
    with contextlib.closing(sqlite3.connect(database, timeout=0.0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
    return False
