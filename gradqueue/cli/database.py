"""What the commands share that work on the database itself, not over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradqueue.cli.outcome import Exit, complain

if TYPE_CHECKING:
    from services.settings import Settings

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data folder, as for serve. [default: var]",
)


@contextmanager
def readable_database_failures(settings: Settings) -> Iterator[None]:
    """End the command with a line if the database of the settings cannot be used."""
    from sqlalchemy.exc import SQLAlchemyError

    from services.environment import masked_url
    from services.errors import NotFound, SchemaMismatch, Unavailable

    url = masked_url(settings.store_url)
    try:
        yield
    except SchemaMismatch as error:
        complain(f"{url}: {error.detail}")
        raise click.exceptions.Exit(Exit.UNREACHABLE) from None
    except NotFound as error:
        complain(error.detail)
        raise click.exceptions.Exit(Exit.REFUSED) from None
    except (Unavailable, SQLAlchemyError, OSError) as error:
        complain(f"cannot use the database {url}: {_reason(error)}")
        raise click.exceptions.Exit(Exit.UNREACHABLE) from None


def _reason(error: Exception) -> str:
    """Return the first line of what the database itself said."""
    cause = error.__cause__ or error
    return str(getattr(cause, "orig", None) or cause).splitlines()[0]
