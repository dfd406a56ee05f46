"""Code and database go together, or nothing is done: neither is ever taken for what it is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from click.testing import CliRunner
from sqlalchemy import text

from gradqueue.cli import main
from gradqueue.cli.outcome import Exit
from services.errors import SchemaMismatch
from services.settings import Settings
from services.store import Store, migrate, schema
from tests.support.databases import plain_engine
from tests.support.jobs import submitted


def _say(url: str, *statements: str) -> None:
    with plain_engine(url).begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def _revision(url: str) -> str:
    with plain_engine(url).connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


@pytest.fixture
def before(database_url: str) -> Iterator[str]:
    """The URL of a database as the release before this one left it."""
    with migrate.connected(database_url) as connection:
        command.downgrade(migrate.config(connection), "-1")
    yield database_url
    migrate.upgrade(database_url)


@pytest.fixture
def later(database_url: str) -> Iterator[str]:
    """The URL of a database that a later release has migrated, and that still admits this code."""
    _say(database_url, "UPDATE alembic_version SET version_num = '9000'")
    yield database_url
    _say(
        database_url,
        f"UPDATE alembic_version SET version_num = '{schema.REVISION}'",
        "UPDATE admission SET oldest_revision = '0003'",
    )


def test_the_code_knows_its_newest_migration() -> None:
    assert ScriptDirectory.from_config(migrate.config(None)).get_heads() == [schema.REVISION]


def test_revisions_are_four_digits_in_a_row() -> None:
    """Text is compared, so that no history has to be loaded to compare them."""
    scripts = ScriptDirectory.from_config(migrate.config(None)).walk_revisions()
    revisions = [script.revision for script in scripts]
    assert revisions[::-1] == [f"{number:04}" for number in range(1, len(revisions) + 1)]


def test_a_database_before_its_migration_is_left_alone_and_used_after_it(
    before: str, settings: Settings
) -> None:
    store = Store(before, settings)
    with pytest.raises(
        SchemaMismatch, match=r"is at revision \d{4} and this version needs .*gradqueue migrate"
    ):
        submitted(store)

    migrate.upgrade(before)

    assert submitted(store).id, "the same store, in the same process"
    store.close()


def test_a_database_without_tables_is_left_alone(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/empty.db", Settings())
    with pytest.raises(SchemaMismatch, match="is at revision nothing"):
        submitted(store)
    store.close()


def test_a_newer_database_that_admits_this_code_is_used(later: str, settings: Settings) -> None:
    store = Store(later, settings)
    assert submitted(store).id
    store.close()


def test_a_newer_database_that_admits_this_code_no_more_is_left_alone(later: str, settings: Settings) -> None:
    _say(later, "UPDATE admission SET oldest_revision = '8999'")
    store = Store(later, settings)
    with pytest.raises(SchemaMismatch, match="admits code from 8999 on"):
        submitted(store)
    store.close()


def test_migrating_a_newer_database_changes_nothing(later: str) -> None:
    """A release that was put back must start again, `gradqueue migrate` first."""
    migrate.upgrade(later)
    assert _revision(later) == "9000"


def test_a_newer_database_that_admits_no_more_is_one_readable_line(later: str) -> None:
    _say(later, "UPDATE admission SET oldest_revision = '8999'")
    for arguments in (["migrate"], ["keys", "list"]):
        result = CliRunner().invoke(main, arguments, env={"GRADQUEUE_DATABASE_URL": later})
        assert result.exit_code == Exit.UNREACHABLE
        assert "the database is at revision 9000 and admits code from 8999 on" in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_a_database_that_cannot_be_read_is_not_one_without_tables(tmp_path: Path) -> None:
    path = tmp_path / "rubbish.db"
    path.write_bytes(b"no database " * 100)
    result = CliRunner().invoke(main, ["keys", "list"], env={"GRADQUEUE_DATABASE_URL": f"sqlite:///{path}"})
    assert result.exit_code == Exit.UNREACHABLE
    assert "not a database" in result.stderr
