"""Databases for tests: made once per test process, emptied for each test, dropped at the end."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import URL, Engine, NullPool

from services.store.migrate import upgrade
from services.store.tables import metadata

SERVER = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


def absent(reason: str) -> None:
    """Skip the test because a service is missing; fail it where services are promised."""
    if os.environ.get("GRADQUEUE_TEST_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


class PostgresqlDatabase:
    """A database of this process's own on the test server, with the newest schema."""

    def __init__(self) -> None:
        server = sqlalchemy.make_url(os.environ.get("GRADQUEUE_TEST_DATABASE_URL", SERVER))
        self._server = sqlalchemy.create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._url = server.set(database=f"gradqueue_test_{uuid.uuid4().hex}")
        self._made = False

    def fresh(self) -> str:
        """Return the URL of the database, with every table empty."""
        if not self._made:
            self._make()
        db_engine = sqlalchemy.create_engine(self._url, poolclass=NullPool)
        with db_engine.begin() as connection:
            # Quicker than TRUNCATE, which makes new files.
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        return text(self._url)

    def drop(self) -> None:
        """Drop the database, whoever is still connected."""
        if self._made:
            with self._server.connect() as connection:
                connection.exec_driver_sql(f'DROP DATABASE "{self._url.database}" WITH (FORCE)')

    def _make(self) -> None:
        try:
            with self._server.connect() as connection:
                connection.exec_driver_sql(f'CREATE DATABASE "{self._url.database}"')
        except sqlalchemy.exc.OperationalError as error:
            absent(f"no PostgreSQL at {self._server.url.render_as_string(hide_password=True)}: {error.orig}")
        self._made = True
        upgrade(text(self._url))


class SqliteDatabase:
    """A file with the newest schema, copied for each test."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"

    def fresh(self, folder: Path) -> str:
        """Return the URL of a new database in `folder`."""
        if not self._template.exists():
            upgrade(f"sqlite:///{self._template}")
        path = folder / "gradqueue.db"
        path.write_bytes(self._template.read_bytes())
        return f"sqlite:///{path}"


def text(url: URL) -> str:
    """Return a URL as text, with its password."""
    return url.render_as_string(hide_password=False)


def plain_engine(url: str) -> Engine:
    """Connect without any of the service's care, as an administrator at a prompt does."""
    return sqlalchemy.create_engine(url, poolclass=NullPool)


def analyze(url: str) -> None:
    """Tell the planner how many jobs there are now, as autovacuum does within a minute."""
    db_engine = sqlalchemy.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with db_engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE jobs")
