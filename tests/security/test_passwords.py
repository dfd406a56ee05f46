"""A service that others could reach with a password that is none does not start."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from gradqueue.cli import main
from gradqueue.cli.outcome import Exit
from services.passwords import objections
from services.settings import Settings

GOOD = "f3b4c4d2a1"


@pytest.mark.parametrize(
    "settings",
    [
        {"database_url": "postgresql+psycopg://gradqueue@db/gradqueue"},
        {"database_url": "postgresql+psycopg://gradqueue:@db/gradqueue"},
        {"database_url": "postgresql+psycopg://gradqueue:ChangeMe@db/gradqueue"},
        {"database_url": "postgresql+psycopg://someone:someone@10.0.0.7/gradqueue"},
        {"database_url": "postgresql+psycopg:///gradqueue?host=db&user=gradqueue&password=secret"},
        {"broker_url": "redis://broker:6379/0"},
        {"broker_url": "redis://:redis@broker/0"},
        {"broker_url": "amqp://guest:guest@rabbit//"},
        {"broker_url": "amqp://rabbit//"},
    ],
    ids=str,
)
def test_a_password_to_another_machine_that_is_missing_or_known_to_all_is_refused(
    settings: dict[str, str],
) -> None:
    ((variable, url),) = settings.items()
    (line,) = objections(Settings(**settings))
    assert line.startswith(f"GRADQUEUE_{variable.upper()} ")
    assert url not in line
    assert objections(Settings(**settings, secrets="any")) == []


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"database_url": "sqlite:////data/gradqueue.db", "broker_url": "redis+socket:///data/broker.sock"},
        {"database_url": "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"},
        {"database_url": "postgresql+psycopg://postgres@/postgres?host=/var/run/postgresql"},
        {"database_url": f"postgresql+psycopg://gradqueue:{GOOD}@db/gradqueue"},
        {
            "database_url": "postgresql+psycopg://gradqueue@db/gradqueue?sslcert=client.pem&sslmode=verify-full"
        },
        {"broker_url": "redis://localhost:6379/0"},
        {"broker_url": f"rediss://:{GOOD}@broker/0"},
        {"broker_url": f"amqp://gradqueue:{GOOD}@rabbit//"},
    ],
    ids=str,
)
def test_what_only_this_machine_reaches_or_has_a_password_of_its_own_is_taken(
    settings: dict[str, str],
) -> None:
    assert objections(Settings(**settings)) == []


@pytest.mark.parametrize("command", ["serve", "api", "worker", "migrate"])
def test_no_process_of_the_service_starts_with_such_a_password(command: str) -> None:
    result = CliRunner().invoke(main, [command], env={"GRADQUEUE_BROKER_URL": "redis://:changeme@broker/0"})
    assert result.exit_code == Exit.INVALID
    assert result.stderr == (
        "gradqueue: GRADQUEUE_BROKER_URL has a password that everybody knows;"
        " GRADQUEUE_SECRETS=any takes it, for development\n"
    )
