"""SQLite that is locked, full or cannot be reached: an answer in time, and nothing lost."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy

from services import jobs
from services.errors import Unavailable
from services.store import Store
from tests.support.jobs import a_dataset, submitted

if TYPE_CHECKING:
    from pathlib import Path

    from services.settings import Settings


@pytest.fixture
def store(sqlite_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(sqlite_url, replace(settings, database_pool=1, database_wait_seconds=0.2))
    yield store
    store.close()


@contextmanager
def locked(sqlite_url: str) -> Iterator[None]:
    """Hold the writers' lock, as another process does that was stopped in the middle of a transaction."""
    database = sqlalchemy.make_url(sqlite_url).database
    with closing(sqlite3.connect(str(database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_locked_database_is_unavailable_in_time_to_writers_only(store: Store, sqlite_url: str) -> None:
    job = submitted(store)

    with locked(sqlite_url):
        begin = time.monotonic()
        with pytest.raises(Unavailable):
            jobs.cancel(store, job.id)
        assert time.monotonic() - begin < 2
        assert jobs.get(store, job.id) == job

    assert jobs.cancel(store, job.id).is_terminal


def test_a_full_disk_is_unavailable_and_loses_nothing(store: Store) -> None:
    first = submitted(store)
    with store.transaction() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")

    with pytest.raises(Unavailable):
        submitted(store, dataset=a_dataset(1, rows=100_000))

    assert jobs.list_jobs(store, jobs.JobFilters(), limit=10).rows == [first]
    with store.transaction() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    submitted(store, dataset=a_dataset(1, rows=100_000))


def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "gradqueue.db").mkdir()
    store = Store(f"sqlite:///{tmp_path}/gradqueue.db", settings)

    with pytest.raises(Unavailable), store.reading():
        pass
