"""Whether this code and the database go together, looked at whenever a connection is made.

The database may be older than the code (its migration has not run yet: nothing is done until it has) or newer
(a later release runs beside this one, or this one was put back). A newer one says itself which code it still
admits; see docs/decisions/upgrades.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg

from services.errors import SchemaMismatch

#: The newest migration that this code knows. Revisions are numbers of four digits, so text orders them.
REVISION = "0005"


def check(connection: Any) -> None:
    """Look at the schema through a new DBAPI connection, and leave it without a transaction.

    Raises:
        SchemaMismatch: the schema is too old for this code, or too new.
    """
    judge(lambda query: _scalar(connection, query))


def judge(ask: Callable[[str], str | None]) -> None:
    """Judge by the answers to two queries; `ask` returns None where there is no such table, or no row.

    Raises:
        SchemaMismatch: the schema is too old for this code, or too new.
    """
    revision = ask("SELECT version_num FROM alembic_version") or "nothing"
    if revision == REVISION:
        return
    if not revision.isdecimal() or revision < REVISION:
        raise SchemaMismatch(
            f"the database is at revision {revision} and this version needs {REVISION};"
            " run: gradqueue migrate"
        )
    oldest = ask("SELECT oldest_revision FROM admission") or revision
    if oldest > REVISION:
        raise SchemaMismatch(
            f"the database is at revision {revision} and admits code from {oldest} on, but this version knows"
            f" only {REVISION}; use a newer version of gradqueue"
        )


def _scalar(connection: Any, query: str) -> str | None:
    cursor = connection.cursor()
    try:
        cursor.execute(query)
        row = cursor.fetchone()
    except (psycopg.errors.UndefinedTable, sqlite3.OperationalError) as error:
        if isinstance(error, sqlite3.OperationalError) and "no such table" not in str(error):
            raise
        return None
    finally:
        cursor.close()
        connection.rollback()
    return None if row is None else str(row[0])
