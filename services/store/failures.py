"""Which database errors mean "not now": the connection, a lock, the disk; everything else is a bug."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import exc

from services.errors import CommitUnknown, Unavailable

#: Primary result codes of SQLite that pass: locked too long, disk full, a file that cannot be reached.
_SQLITE_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
    }
)

#: SQLSTATEs of PostgreSQL that pass though psycopg does not class them as operational: a transaction stood
#: idle, or went on, for too long.
_POSTGRESQL_PASSING = frozenset({"25P03", "25P04"})

#: Leading part of the SQLSTATEs with which a server that is going away ends a session, perhaps after it
#: committed: shutdowns and crashes.
_SESSION_ENDED = ("57P", "08")


@contextmanager
def translated() -> Iterator[None]:
    """Raise `Unavailable` for errors that pass; let all others through.

    Raises:
        Unavailable: the database cannot do this now.
    """
    try:
        yield
    except exc.TimeoutError as error:
        raise Unavailable("all connections to the database are in use") from error
    except exc.DBAPIError as error:
        if not _passes(error):
            raise
        raise Unavailable("the database cannot be reached or is too busy") from error


@contextmanager
def translated_commit() -> Iterator[None]:
    """Like `translated`, for COMMIT alone.

    Raises:
        CommitUnknown: the connection broke, and the transaction may or may not have happened.
        Unavailable: the database refused to commit.
    """
    try:
        yield
    except exc.DBAPIError as error:
        if error.connection_invalidated or _session_ended(error.orig):
            raise CommitUnknown("the database connection broke while committing") from error
        if not _passes(error):
            raise
        raise Unavailable("the database could not commit") from error


def _passes(error: exc.DBAPIError) -> bool:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_PASSING
    if isinstance(cause, psycopg.Error):
        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) or (
            cause.sqlstate in _POSTGRESQL_PASSING
        )
    return error.connection_invalidated


def _session_ended(cause: BaseException | None) -> bool:
    if not isinstance(cause, psycopg.Error):
        return False
    return cause.sqlstate is None or cause.sqlstate.startswith(_SESSION_ENDED)
