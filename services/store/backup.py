"""Backups of a SQLite store: one file, made while the service runs, and put back while it does not."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy

from services.errors import UnreadableBackup
from services.store.migrate import upgrade

#: Seconds to wait for whoever writes.
_PATIENCE = 60.0


def path_of(url: str) -> Path:
    """Return the file of a SQLite store."""
    return Path(sqlalchemy.make_url(url).database or "")


def backup(url: str, target: Path) -> None:
    """Write the store as it is at this moment to `target`, a new file that only its owner may read.

    The file is complete and on disk before it has its name. Others go on reading and writing.

    Raises:
        FileExistsError: there is such a file.
        OSError, sqlite3.Error: it cannot be made; nothing is left.
    """
    if target.exists():
        raise FileExistsError(target)
    partial = target.with_name(f"{target.name}.partial")
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with _opened(path_of(url), "rw") as connection:
            # Into the empty file that was made for it, and not a name: the right to read it is already set.
            connection.execute("VACUUM INTO ?", (str(partial),))
        with _opened(partial, "ro") as connection:
            _check(connection, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.rename(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def prepared(source: Path, folder: Path) -> Iterator[str]:
    """Copy a backup into `folder` and bring it to this version's tables; yield its URL, then remove it.

    Raises:
        UnreadableBackup: it is no backup, or damaged.
        SchemaMismatch: it is of a later version that admits this one no more.
    """
    copy = folder / "restoring.db"
    _remove(copy)
    try:
        with _opened(source, "ro") as connection:
            _check(connection, source)
            _copy(connection, copy)
        url = f"sqlite:///{copy}"
        upgrade(url)
        yield url
    finally:
        _remove(copy)


def put_back(prepared_url: str, url: str) -> None:
    """Make the store what `prepared` gave, in one transaction; whoever has it open sees it change at once."""
    with _opened(path_of(prepared_url), "rw") as connection:
        _copy(connection, path_of(url))


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    """Replace the content of `target`. The file stays, and so do its write-ahead log and its readers."""
    with closing(sqlite3.connect(target, timeout=_PATIENCE)) as written:
        written.execute("PRAGMA synchronous = FULL")
        connection.backup(written)


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    url = f"{path.absolute().as_uri()}?mode={mode}"
    with closing(sqlite3.connect(url, uri=True, timeout=_PATIENCE, isolation_level=None)) as connection:
        yield connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    try:
        (word,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise UnreadableBackup(f"{path} is no backup of gradqueue: {error}") from error
    if word != "ok":
        raise UnreadableBackup(f"{path} is damaged: {word}")


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
