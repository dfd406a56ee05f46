"""`gradqueue backup` and `restore` for SQLite, and `requeue` for whatever was restored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradqueue.cli.configuration import configured
from gradqueue.cli.database import data_option, readable_database_failures
from gradqueue.cli.outcome import Exit, complain

if TYPE_CHECKING:
    from services.settings import Settings


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_option
def backup(file: Path, data: Path | None) -> None:
    """Copy the SQLite database, as it is now, to a new FILE, while the service runs.

    For PostgreSQL there is pg_dump.
    """
    settings = _with_sqlite(data, "pg_dump")
    from services.store.backup import backup as run

    with readable_database_failures(settings):
        try:
            run(settings.store_url, file)
        except FileExistsError:
            complain(f"{file} is there already")
            raise click.exceptions.Exit(Exit.INVALID) from None
    complain(f"backed up {file.stat().st_size:,} bytes")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
def restore(file: Path, data: Path | None) -> None:
    """Make the SQLite database what it was when FILE was backed up. End the service first.

    Whatever came later is gone; nothing is changed if FILE cannot be used. Jobs that ran are queued and go
    on from their checkpoints. For PostgreSQL there is pg_restore.
    """
    settings = _with_sqlite(data, "pg_restore, and after it gradqueue requeue")
    from services.embedded.failure import CannotServe
    from services.embedded.folder import locked
    from services.store.backup import path_of, prepared, put_back

    with readable_database_failures(settings):
        try:
            with locked(settings.data_folder), prepared(file, path_of(settings.store_url).parent) as url:
                count = _requeue(url, settings)
                put_back(url, settings.store_url)
        except CannotServe as failure:
            complain(str(failure))
            raise click.exceptions.Exit(Exit.REFUSED) from None
    complain(f"restored; {count} jobs that ran are queued")


@click.command()
@data_option
def requeue(data: Path | None) -> None:
    """Queue all jobs that run, as their workers do when they end. For after a restore, before workers start.

    Otherwise their leases would run out, and each would count as an attempt that was lost.
    """
    settings = configured(data_folder=data)
    with readable_database_failures(settings):
        count = _requeue(settings.store_url, settings)
    complain(f"{count} jobs that ran are queued")


def _requeue(url: str, settings: Settings) -> int:
    from services import jobs
    from services.store import Store

    store = Store(url, settings)
    try:
        return len(jobs.hand_back_all(store))
    finally:
        store.close()


def _with_sqlite(data: Path | None, instead: str) -> Settings:
    settings = configured(data_folder=data)
    if not settings.store_url.startswith("sqlite"):
        complain(f"the database is PostgreSQL's; use {instead}")
        raise click.exceptions.Exit(Exit.INVALID)
    return settings
