"""The supervisor's children get its settings as environment variables, every one of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from services import environment
from services.settings import Limits, Settings


def test_settings_come_out_of_the_environment_as_they_went_in() -> None:
    settings = Settings(
        data_folder=Path("/a folder"),
        database_url="postgresql+psycopg://user:pass word@host/db?a=b",
        lease_seconds=12.5,
        renew_seconds=0.1,
        worker_memory_bytes=0,
        limits=Limits(budget=10**17),
    )
    assert Settings.from_environment(environment.variables(settings)) == settings


def test_no_setting_is_forgotten() -> None:
    def count(cls: type) -> int:
        nested = {"limits": Limits}
        return sum(count(nested[f.name]) if f.name in nested else 1 for f in dataclasses.fields(cls))

    assert len(environment.variables(Settings())) == count(Settings)
