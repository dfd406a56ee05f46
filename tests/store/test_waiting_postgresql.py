"""PostgreSQL that is away, silent or cut: an answer within 5 seconds, and recovery without a restart."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy
from sqlalchemy import text

from services.errors import CommitUnknown, Unavailable
from services.store import Store
from tests.faults.parts.proxy import Proxy
from tests.support import databases
from tests.support.jobs import submitted

if TYPE_CHECKING:
    from services.settings import Settings

#: The statement as it is sent; "BEGIN ISOLATION LEVEL READ COMMITTED" is not it.
COMMIT = b"COMMIT\0"

pytestmark = pytest.mark.service

#: Seconds within which a request must be answered while the database is away.
ANSWER_SECONDS = 5.0


@pytest.fixture
def proxy(postgresql_url: str) -> Iterator[Proxy]:
    proxy = Proxy(sqlalchemy.make_url(postgresql_url).port or 5432)
    yield proxy
    proxy.close()


@pytest.fixture
def distant_store(postgresql_url: str, proxy: Proxy, settings: Settings) -> Iterator[Store]:
    url = sqlalchemy.make_url(postgresql_url).set(host="127.0.0.1", port=proxy.port)
    store = Store(databases.text(url), settings)
    yield store
    store.close()


@contextmanager
def answered_in_time() -> Iterator[None]:
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < ANSWER_SECONDS


def _now(store: Store) -> None:
    with store.reading() as connection:
        connection.execute(text("SELECT 1"))


@pytest.mark.parametrize(
    "break_it",
    [lambda proxy: proxy.freeze(), lambda proxy: proxy.cut(refuse=True)],
    ids=["frozen", "refusing"],
)
def test_a_database_that_is_away_is_unavailable_in_time_and_comes_back(
    distant_store: Store, proxy: Proxy, break_it: Callable[[Proxy], None]
) -> None:
    _now(distant_store)
    break_it(proxy)

    with answered_in_time(), pytest.raises(Unavailable):
        _now(distant_store)

    proxy.mend()
    _now(distant_store)


@pytest.mark.parametrize("refuse", [True, False])
def test_a_database_that_was_never_there_is_unavailable_in_time(
    distant_store: Store, proxy: Proxy, refuse: bool
) -> None:
    proxy.cut(refuse=refuse)
    if not refuse:
        proxy.freeze()

    with answered_in_time(), pytest.raises(Unavailable):
        _now(distant_store)


def test_a_database_that_falls_silent_within_a_transaction_is_unavailable_in_time(
    distant_store: Store, proxy: Proxy
) -> None:
    def freeze_halfway() -> None:
        with distant_store.transaction() as connection:
            connection.execute(text("SELECT 1"))
            proxy.freeze()
            connection.execute(text("SELECT 1"))

    with answered_in_time(), pytest.raises(Unavailable):
        freeze_halfway()


def test_connections_cut_while_idle_are_replaced_unseen(distant_store: Store, proxy: Proxy) -> None:
    _now(distant_store)
    proxy.cut()

    _now(distant_store)


def test_a_statement_that_takes_too_long_is_unavailable(postgresql_url: str, settings: Settings) -> None:
    store = Store(postgresql_url, replace(settings, database_statement_seconds=0.1))

    with pytest.raises(Unavailable), store.reading() as connection:
        connection.execute(text("SELECT pg_sleep(10)"))

    store.close()


def test_a_lock_that_is_held_too_long_is_unavailable(postgresql_url: str, settings: Settings) -> None:
    store = Store(postgresql_url, replace(settings, database_wait_seconds=0.1))
    with store.transaction() as holder:
        holder.execute(text("LOCK TABLE jobs"))

        with pytest.raises(Unavailable), store.transaction() as connection:
            connection.execute(text("LOCK TABLE jobs"))
    store.close()


def test_more_users_than_connections_is_unavailable(postgresql_url: str, settings: Settings) -> None:
    store = Store(postgresql_url, replace(settings, database_pool=1, database_wait_seconds=0.1))

    with store.reading(), pytest.raises(Unavailable), store.reading():
        pass
    store.close()


def test_a_session_that_the_server_ends_is_unavailable(distant_store: Store) -> None:
    def end_my_session() -> None:
        with distant_store.transaction() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(Unavailable):
        end_my_session()

    _now(distant_store)


def test_a_cut_before_the_answer_to_commit_is_an_unknown_commit(distant_store: Store, proxy: Proxy) -> None:
    proxy.swallow_reply_to(COMMIT)

    with pytest.raises(CommitUnknown), distant_store.transaction() as connection:
        connection.execute(text("SELECT 1"))

    assert proxy.has_swallowed


def test_a_job_whose_commit_was_cut_is_there_once(distant_store: Store, proxy: Proxy) -> None:
    _now(distant_store)
    proxy.swallow_reply_to(COMMIT)

    job = submitted(distant_store)

    assert proxy.has_swallowed
    with distant_store.reading() as connection:
        assert connection.execute(text("SELECT id FROM jobs")).scalars().all() == [job.id]
