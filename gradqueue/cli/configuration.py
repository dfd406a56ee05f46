"""The settings as the environment gives them, with the options of the command on top."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

import click

from gradqueue.cli.outcome import Exit, complain

if TYPE_CHECKING:
    from services.settings import Settings


def configured(**options: Any) -> Settings:
    """Return the settings; an option that is not None stands above the environment.

    A variable with our prefix that means nothing is worth a warning; one that cannot be used ends the
    command.
    """
    from services.environment import SettingError, unknown_variables
    from services.settings import Settings

    given = {name: value for name, value in options.items() if value is not None}
    try:
        settings = dataclasses.replace(Settings.from_environment(os.environ), **given)
    except SettingError as error:
        complain(str(error))
        raise click.exceptions.Exit(Exit.INVALID) from error
    for unknown in unknown_variables(settings, os.environ):
        complain(f"unknown setting {unknown}")
    return settings


def configured_for_service(**options: Any) -> Settings:
    """Return the settings for a process of the service, which does not start with passwords that are none."""
    from services.passwords import objections

    settings = configured(**options)
    found = objections(settings)
    for objection in found:
        complain(objection)
    if found:
        raise click.exceptions.Exit(Exit.INVALID)
    return settings
