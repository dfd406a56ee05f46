"""Settings: read once, listed with their meaning, and wrong ones named in one readable line."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from services import environment
from services.environment import SettingError
from services.settings import Limits, Settings


def test_without_variables_everything_is_the_default() -> None:
    assert Settings.from_environment({}) == Settings()


def test_variables_are_read_by_type() -> None:
    settings = Settings.from_environment(
        {
            "GRADQUEUE_PORT": " 9000 ",
            "GRADQUEUE_LEASE_SECONDS": "7.5",
            "GRADQUEUE_DATA_FOLDER": "/srv/gradqueue",
            "GRADQUEUE_LOG_LEVEL": "debug",
            "GRADQUEUE_LIMITS_EPOCHS": "1000",
            "UNRELATED": "x",
        }
    )

    assert settings == Settings(
        port=9000,
        lease_seconds=7.5,
        data_folder=Path("/srv/gradqueue"),
        log_level="debug",
        limits=Limits(epochs=1000),
    )


def test_a_process_hands_its_settings_on_to_a_child() -> None:
    settings = Settings(port=9000, database_url="postgresql://u:secret@h/d", limits=Limits(rows=5))

    assert Settings.from_environment(environment.variables(settings)) == settings


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("GRADQUEUE_PORT", "80a", "GRADQUEUE_PORT must be a whole number"),
        ("GRADQUEUE_PORT", "", "GRADQUEUE_PORT must be a whole number"),
        ("GRADQUEUE_PORT", "70000", "GRADQUEUE_PORT must be at most 65535, not 70000"),
        ("GRADQUEUE_LEASE_SECONDS", "nan", "GRADQUEUE_LEASE_SECONDS must be a number"),
        ("GRADQUEUE_SWEEP_SECONDS", "0", "GRADQUEUE_SWEEP_SECONDS must be at least 0.05, not 0"),
        ("GRADQUEUE_LOG_LEVEL", "loud", "GRADQUEUE_LOG_LEVEL must be one of debug, info, warning, error"),
        ("GRADQUEUE_LIMITS_ROWS", "0", "GRADQUEUE_LIMITS_ROWS must be at least 1, not 0"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable(variable: str, value: str, line: str) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_environment({variable: value})

    assert str(caught.value) == line


def test_a_lease_shorter_than_two_renewals_is_refused() -> None:
    with pytest.raises(SettingError, match="GRADQUEUE_LEASE_SECONDS"):
        Settings.from_environment({"GRADQUEUE_LEASE_SECONDS": "3"})


@pytest.mark.parametrize("url", ["mysql://h/d", "postgres://h/d", "postgresql+asyncpg://h/d", "gradqueue.db"])
def test_a_database_that_is_not_known_is_refused(url: str) -> None:
    with pytest.raises(SettingError, match="GRADQUEUE_DATABASE_URL must begin with sqlite://"):
        Settings.from_environment({"GRADQUEUE_DATABASE_URL": url})


def test_the_list_tells_every_setting_once_with_its_meaning() -> None:
    entries = list(Settings(port=9000).entries())

    names = [entry.name for entry in entries]
    assert len(set(names)) == len(names)
    assert {"port", "limits.rows"} <= set(names)
    assert all(entry.meaning for entry in entries)
    port = next(entry for entry in entries if entry.name == "port")
    assert (port.variable, port.value, port.default) == ("GRADQUEUE_PORT", "9000", "8000")


def test_every_listed_variable_is_read() -> None:
    for entry in Settings().entries():
        assert Settings.from_environment({entry.variable: entry.default}) == Settings()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://user:hunter2@host:5432/db", "postgresql://***@host:5432/db"),
        ("redis://:hunter2@host/0", "redis://***@host/0"),
        ("redis://user:hunt@er2@host/0", "redis://***@host/0"),
        ("postgresql://host/db?user=u&password=hunter2&x=y", "postgresql://host/db?user=u&password=***&x=y"),
        ("sqlite:////srv/gradqueue.db", "sqlite:////srv/gradqueue.db"),
    ],
)
def test_secrets_are_not_shown(url: str, shown: str) -> None:
    listed = {entry.name: entry.value for entry in Settings(broker_url=url).entries()}

    assert listed["broker_url"] == shown


def test_the_password_of_the_database_is_not_shown() -> None:
    settings = Settings(database_url="postgresql://user:hunter2@host/db")

    assert "hunter2" not in " ".join(f"{entry.value} {entry.default}" for entry in settings.entries())


def test_variables_that_mean_nothing_are_named_with_the_nearest_that_does() -> None:
    variables = {
        "GRADQUEUE_LEASE_SECOND": "5",
        "GRADQUEUE_SERVICE_HOST": "10.0.0.1",
        "GRADQUEUE_URL": "http://host",
        "GRADQUEUE_TEST_DATABASE_URL": "x",
        "GRADQUEUE_PORT": "8000",
    }

    assert environment.unknown_variables(Settings(), variables) == [
        "GRADQUEUE_LEASE_SECOND (did you mean GRADQUEUE_LEASE_SECONDS?)",
        "GRADQUEUE_SERVICE_HOST",
    ]


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_the_store_is_in_the_data_folder_unless_another_one_is_named() -> None:
    assert Settings(data_folder=Path("/srv")).store_url == "sqlite:////srv/gradqueue.db"
    assert Settings(database_url="postgresql://h/d").store_url == "postgresql://h/d"
