"""What `Store.transaction` and `Store.reading` promise, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy
from sqlalchemy import func, insert, select, text

from services.store.clock import now_us
from services.store.tables import workers
from tests.support.databases import plain_engine

if TYPE_CHECKING:
    from services.store import Store


def _names(store: Store) -> list[str]:
    with store.reading() as connection:
        return list(connection.execute(select(workers.c.name).order_by(workers.c.name)).scalars())


def _row(name: str) -> sqlalchemy.Insert:
    return insert(workers).values(name=name, processes=1, started_at=0, seen_at=0, alive_until=0)


def test_a_block_that_ends_is_committed(store: Store) -> None:
    with store.transaction() as connection:
        connection.execute(_row("a"))

    assert _names(store) == ["a"]


def test_a_block_that_raises_is_rolled_back(store: Store) -> None:
    def write_and_fail() -> None:
        with store.transaction() as connection:
            connection.execute(_row("a"))
            raise KeyError("why")

    with pytest.raises(KeyError):
        write_and_fail()

    assert _names(store) == []


def test_a_transaction_sees_what_it_wrote_and_others_do_not(store: Store) -> None:
    with store.transaction() as connection:
        connection.execute(_row("a"))

        assert connection.scalar(select(func.count()).select_from(workers)) == 1
        assert _names(store) == []


def test_reading_sees_one_moment(store: Store) -> None:
    with store.reading() as connection:
        before = connection.scalar(select(func.count()).select_from(workers))
        with store.transaction() as other:
            other.execute(_row("a"))

        assert connection.scalar(select(func.count()).select_from(workers)) == before == 0


def test_reading_cannot_write(store: Store) -> None:
    with pytest.raises(sqlalchemy.exc.DBAPIError, match=r"readonly|read-only"), store.reading() as connection:
        connection.execute(_row("a"))


def test_a_connection_that_has_read_can_write_again(store: Store) -> None:
    _names(store)

    with store.transaction() as connection:
        connection.execute(_row("a"))

    assert _names(store) == ["a"]


def test_an_error_that_is_a_bug_stays_what_it_is(store: Store) -> None:
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="no_such_table"), store.reading() as connection:
        connection.execute(text("SELECT * FROM no_such_table"))


@pytest.mark.parametrize("durable", [True, False])
def test_only_durable_transactions_wait_for_the_disk(store: Store, durable: bool) -> None:
    for _ in range(2):  # the second time on a connection that was used before
        with store.transaction(durable=durable) as connection:
            if connection.dialect.name == "sqlite":
                level = connection.exec_driver_sql("PRAGMA synchronous").scalar()
                assert level == (2 if durable else 1), "2 is FULL, 1 is NORMAL"
            else:
                level = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
                assert level == ("on" if durable else "off")
        with store.transaction(durable=not durable):
            pass


def test_a_closed_store_opens_again(store: Store) -> None:
    store.close()

    assert _names(store) == []


def test_the_clock_is_the_databases_and_counts_microseconds(store: Store, database_url: str) -> None:
    before = _utc_microseconds(database_url)
    with store.reading() as connection:
        now = connection.scalar(select(now_us()))
    after = _utc_microseconds(database_url)

    assert isinstance(now, int)
    assert before - 1000 <= now <= after + 1000, "SQLite rounds to milliseconds"


def _utc_microseconds(database_url: str) -> int:
    """Ask the database what time it is in another way."""
    sqlite = "SELECT (julianday('now') - 2440587.5) * 86400e6"
    postgresql = "SELECT extract(epoch FROM clock_timestamp()) * 1e6"
    db_engine = plain_engine(database_url)
    with db_engine.connect() as connection:
        statement = sqlite if db_engine.dialect.name == "sqlite" else postgresql
        return int(connection.execute(text(statement)).scalar_one())


def test_one_statement_has_one_time(store: Store) -> None:
    with store.reading() as connection:
        first, second = connection.execute(select(now_us(), now_us().label("again"))).one()

    assert first == second
