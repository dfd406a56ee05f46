"""`gradqueue health`: what a supervisor of containers asks, inside the container of an API or a worker."""

from __future__ import annotations

import click

from gradqueue.cli.configuration import configured
from gradqueue.cli.outcome import Exit, complain

#: Seconds to wait for an answer: supervisors give five by default.
_PATIENCE_SECONDS = 3.0
#: What to call instead of an address that means all of this machine's.
_REACHABLE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "[::]": "[::1]"}  # noqa: S104 (compared, not listened on)


@click.command()
@click.argument("part", type=click.Choice(["api", "worker", "database"]))
def health(part: str) -> None:
    """Say by the exit code whether the API process or the worker of this machine is well, or the database.

    An API is well if it answers. A worker is well if the database heard of it within the last seconds: while
    the database is away no worker is, although none of them needs a new start. The database is well if it
    answers and has tables that this version can use.
    """
    trouble = {"api": _api, "worker": _worker, "database": _database}[part]()
    if trouble:
        complain(trouble)
        raise click.exceptions.Exit(Exit.UNREACHABLE)


def _api() -> str:
    """Return what is wrong with the API, nothing if it answers."""
    from urllib.request import urlopen

    settings = configured()
    url = f"http://{_REACHABLE.get(settings.host, settings.host)}:{settings.port}/healthz"
    try:
        urlopen(url, timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        return f"{url} does not answer: {error}"
    return ""


def _worker() -> str:
    """Return what is wrong with the workers of this machine, nothing if one of them is alive."""
    import socket

    from services import workers
    from services.environment import masked_url
    from services.errors import Unavailable
    from services.store import Store

    settings = configured()
    store = Store(settings.store_url, settings)
    try:
        here = [
            worker for worker in workers.alive(store) if worker.name.startswith(f"{socket.gethostname()}:")
        ]
    except Unavailable as error:
        return f"cannot use the database {masked_url(settings.store_url)}: {error.detail}"
    finally:
        store.close()
    return "" if here else f"the database knows of no living worker on {socket.gethostname()}"


def _database() -> str:
    """Return what is wrong with the database, nothing if it answers and its tables fit."""
    from services.environment import masked_url
    from services.errors import Unavailable
    from services.store import Store

    settings = configured()
    store = Store(settings.store_url, settings)
    try:
        with store.reading() as connection:
            connection.exec_driver_sql("SELECT 1")
    except Unavailable as error:
        return f"cannot use the database {masked_url(settings.store_url)}: {error.detail}"
    finally:
        store.close()
    return ""
