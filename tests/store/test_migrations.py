"""The migrations make exactly the tables that the code is written for."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from services.store import Store, migrate, tables, triggers
from tests.support.databases import plain_engine

if TYPE_CHECKING:
    from pathlib import Path

    from services.settings import Settings

#: What a PostgreSQL catalogue tells of a schema: columns, constraints, indexes, triggers, functions.
POSTGRESQL_CATALOGUE = """
SELECT table_name || '.' || column_name,
       concat_ws(' ', data_type, is_nullable, coalesce(column_default, 'no default'))
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT conname, conrelid::regclass::text || ': ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""

#: Everything that the migrations make.
PARTS = [tables.metadata, tables.bookkeeping]

SQLITE_CATALOGUE = "SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL"


def _catalogue(connection: Connection) -> dict[str, str]:
    statement = POSTGRESQL_CATALOGUE if connection.dialect.name == "postgresql" else SQLITE_CATALOGUE
    return {
        name: _plain(definition)
        for name, definition in connection.execute(text(statement)).all()
        if "alembic_version" not in name and "alembic_version" not in definition
    }


def _plain(definition: str) -> str:
    """Take out what is layout: white space, and the order in which a table's parts are named."""
    words = re.sub(r"\s+", " ", definition).strip()
    table = re.fullmatch(r"CREATE TABLE \w+ \((.*)\)", words)
    return words if table is None else ", ".join(sorted(_parts(table[1].strip())))


def _parts(body: str) -> list[str]:
    """Split a table's columns and constraints at the commas outside of parentheses."""
    depth, parts = 0, [""]
    for character in body:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _empty(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    else:
        for part in PARTS:
            part.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


@pytest.fixture
def bare_url(database_url: str) -> Any:
    """The URL of the test's database with everything taken out of it."""
    db_engine = plain_engine(database_url)
    with db_engine.begin() as connection:
        _empty(connection)
    yield database_url
    migrate.upgrade(database_url)  # the next test on this database expects its tables


def test_migrations_make_the_tables_of_the_code(bare_url: str) -> None:
    with plain_engine(bare_url).begin() as connection:
        for part in PARTS:
            part.create_all(connection)
        triggers.create(connection)
        expected = _catalogue(connection)
        _empty(connection)

    migrate.upgrade(bare_url)

    with plain_engine(bare_url).connect() as connection:
        assert _catalogue(connection) == expected
        assert compare_metadata(MigrationContext.configure(connection), PARTS) == []


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    with plain_engine(database_url).connect() as connection:
        before = _catalogue(connection)

    migrate.upgrade(database_url)

    with plain_engine(database_url).connect() as connection:
        assert _catalogue(connection) == before


def test_two_migrators_at_once_do_the_work_of_one(bare_url: str) -> None:
    errors: list[Exception] = []
    start = threading.Barrier(4)

    def migrate_too() -> None:
        start.wait()
        try:
            migrate.upgrade(bare_url)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=migrate_too) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    with plain_engine(bare_url).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_a_migration_that_fails_leaves_nothing_behind(bare_url: str) -> None:
    with plain_engine(bare_url).begin() as connection:
        connection.execute(text("CREATE TABLE workers (in_the_way TEXT)"))

    with pytest.raises(sqlalchemy.exc.DBAPIError, match="workers"):
        migrate.upgrade(bare_url)

    with plain_engine(bare_url).begin() as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == ["workers"]
        connection.execute(text("DROP TABLE workers"))


def test_going_back_takes_everything_away(bare_url: str) -> None:
    migrate.upgrade(bare_url)

    with migrate.connected(bare_url) as connection:
        command.downgrade(migrate.config(connection), "base")

    with plain_engine(bare_url).connect() as connection:
        assert _catalogue(connection) == {}


def test_the_folder_of_a_new_sqlite_file_is_made(tmp_path: Path, settings: Settings) -> None:
    url = f"sqlite:///{tmp_path}/some/folder/gradqueue.db"

    migrate.upgrade(url)

    store = Store(url, settings)
    with store.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM jobs")) == 0
    store.close()
