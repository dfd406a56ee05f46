"""`gradqueue export` and `gradqueue import`: everything from one database into another."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from gradqueue.cli.configuration import configured
from gradqueue.cli.database import data_option, readable_database_failures
from gradqueue.cli.outcome import Exit, complain

#: What is counted for people, by the name of its table.
_COUNTED = {"jobs": "jobs", "datasets": "datasets", "models": "models", "api_keys": "API keys"}


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@data_option
def export(file: Path, data: Path | None) -> None:
    """Write jobs, datasets, models and API keys to a new FILE; "-" is standard output.

    The service may run meanwhile: the file holds one moment. Jobs that run are written as queued, to go on
    from their checkpoints. The file holds all data, and digests of the keys: keep it like the database.
    """
    settings = configured(data_folder=data)
    from services.transfer.exporting import export as run

    with readable_database_failures(settings), _new_file(file) as target:
        counted = run(settings.store_url, target)
    complain(f"exported {_in_words(counted)}")


@click.command("import")
@click.argument("file", type=click.File("rb"))
@data_option
def import_(file: BinaryIO, data: Path | None) -> None:
    """Store what is in FILE, as export wrote it, and not in the database yet; "-" is standard input.

    All of it or, if anything is wrong with the file, nothing. What is there already stays as it is, so the
    same file may be imported again. The service may run meanwhile; SQLite lets nobody else write until then.
    """
    settings = configured(data_folder=data)
    from services.transfer.importing import import_ as run

    with readable_database_failures(settings):
        counted = run(settings.store_url, file)
    complain(f"imported {_in_words(counted)}; all else was there already")


def _in_words(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{counted.get(table, 0):,} {name}" for table, name in _COUNTED.items())


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """Make a file that only its owner may read; an export that fails leaves none."""
    if str(path) == "-":
        yield sys.stdout.buffer
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        complain(f"cannot make {path}: {error.strerror}")
        raise click.exceptions.Exit(Exit.INVALID) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
