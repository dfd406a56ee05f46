"""Commands that are the service: all of it in one (serve), or one process each (api, worker, migrate)."""

from __future__ import annotations

from pathlib import Path

import click

from gradqueue.cli.configuration import configured_for_service
from gradqueue.cli.database import readable_database_failures

_host = click.option("--host", help="Address to listen on. [default: 127.0.0.1]")
_port = click.option(
    "--port", type=click.IntRange(0, 65_535), help="Port; 0 for any free one. [default: 8000]"
)


@click.command()
@_host
@_port
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Data folder. [default: var]")
@click.option("--workers", type=click.IntRange(1), help="Worker processes. [default: one per core]")
def serve(host: str | None, port: int | None, data: Path | None, workers: int | None) -> None:
    """Start everything here: API, workers, database and broker. Ctrl-C ends all of it."""
    settings = configured_for_service(host=host, port=port, data_folder=data, workers=workers)
    from services.embedded.serve import serve as run

    raise click.exceptions.Exit(run(settings))


@click.command()
@_host
@_port
def api(host: str | None, port: int | None) -> None:
    """Run one API process, for production."""
    settings = configured_for_service(host=host, port=port)
    from services.api.server import run

    run(settings)


@click.command()
@click.option("--workers", type=click.IntRange(1), help="Training processes. [default: one per core]")
def worker(workers: int | None) -> None:
    """Run one worker, for production."""
    settings = configured_for_service(workers=workers)
    from services.worker.main import run

    raise click.exceptions.Exit(run(settings))


@click.command()
def migrate() -> None:
    """Bring the database to this version's tables."""
    settings = configured_for_service()
    from services.store.migrate import upgrade

    with readable_database_failures(settings):
        upgrade(settings.store_url)
