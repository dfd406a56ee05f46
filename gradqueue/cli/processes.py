"""Commands that are the service: all of it in one (serve), or one process each (api, worker, migrate)."""

from __future__ import annotations

from pathlib import Path

import click

from gradqueue.cli.configuration import configured_for_service
from gradqueue.cli.outcome import Exit, complain

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
    from sqlalchemy.exc import SQLAlchemyError

    from services.environment import masked_url
    from services.errors import SchemaMismatch
    from services.store.migrate import upgrade

    try:
        upgrade(settings.store_url)
    except SchemaMismatch as error:
        complain(f"{masked_url(settings.store_url)}: {error.detail}")
        raise click.exceptions.Exit(Exit.UNREACHABLE) from None
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        complain(f"cannot use the database {masked_url(settings.store_url)}: {reason}")
        raise click.exceptions.Exit(Exit.UNREACHABLE) from None
