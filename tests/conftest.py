"""Fixtures for every test: a store, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.settings import Settings
from services.store import Store
from tests.support.databases import PostgresqlDatabase, SqliteDatabase


def pytest_configure() -> None:
    """Be told to end by SIGINT, as tests do it, also where a shell started them in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def _postgresql() -> Iterator[PostgresqlDatabase]:
    database = PostgresqlDatabase()
    yield database
    database.drop()


@pytest.fixture(scope="session")
def _sqlite(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabase:
    return SqliteDatabase(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture
def sqlite_url(_sqlite: SqliteDatabase, tmp_path: Path) -> str:
    """The URL of an empty SQLite database with the newest schema."""
    return _sqlite.fresh(tmp_path)


@pytest.fixture
def postgresql_url(_postgresql: PostgresqlDatabase) -> str:
    """The URL of an empty PostgreSQL database with the newest schema."""
    return _postgresql.fresh()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database with the newest schema: the test runs on each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def settings() -> Settings:
    """The default settings."""
    return Settings()


@pytest.fixture
def store(database_url: str, settings: Settings) -> Iterator[Store]:
    """An empty store: the test runs on each kind of database."""
    store = Store(database_url, settings)
    yield store
    store.close()
