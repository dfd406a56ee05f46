"""Commands that read the settings: what they say when those, or the database, are unusable."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, inspect

from gradqueue.cli import main
from gradqueue.cli.outcome import Exit


def gradqueue(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, arguments, env=environment)


def test_settings_lists_every_variable_with_its_value() -> None:
    lines = gradqueue("settings", GRADQUEUE_PORT="8123").stdout.splitlines()
    (port,) = (line for line in lines if line.startswith("GRADQUEUE_PORT "))
    assert port.split()[1] == "8123"
    assert any(line.startswith("GRADQUEUE_LIMITS_EPOCHS ") for line in lines)


def test_settings_can_list_only_what_was_changed() -> None:
    lines = gradqueue("settings", "--changed", GRADQUEUE_PORT="8123").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["variable", "GRADQUEUE_PORT"]


def test_settings_never_shows_a_password() -> None:
    url = "postgresql+psycopg://me:s3cret@db/gradqueue"
    assert "s3cret" not in gradqueue("settings", GRADQUEUE_DATABASE_URL=url).output


@pytest.mark.parametrize("command", ["serve", "api", "worker", "migrate", "settings"])
def test_an_unusable_setting_is_one_readable_line(command: str) -> None:
    result = gradqueue(command, GRADQUEUE_PORT="eighty")
    assert result.exit_code == Exit.INVALID
    assert result.stderr == "gradqueue: GRADQUEUE_PORT must be a whole number\n"


def test_an_unknown_setting_is_a_warning() -> None:
    result = gradqueue("settings", GRADQUEUE_PROT="8123")
    assert result.exit_code == Exit.OK
    assert result.stderr == "gradqueue: unknown setting GRADQUEUE_PROT (did you mean GRADQUEUE_PORT?)\n"


def test_migrate_makes_the_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'gradqueue.db'}"
    assert gradqueue("migrate", GRADQUEUE_DATABASE_URL=url).exit_code == Exit.OK
    assert gradqueue("migrate", GRADQUEUE_DATABASE_URL=url).exit_code == Exit.OK, (
        "a second time changes nothing"
    )
    db_engine = create_engine(url)
    assert "jobs" in inspect(db_engine).get_table_names()
    db_engine.dispose()


def test_a_database_that_cannot_be_used_is_one_readable_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}"
    result = gradqueue("migrate", GRADQUEUE_DATABASE_URL=url)
    assert result.exit_code == Exit.UNREACHABLE
    assert result.stderr == f"gradqueue: cannot use the database {url}: unable to open database file\n"
