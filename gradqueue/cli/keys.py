"""`gradqueue keys`: who may use the service. Works on the database itself, not over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradqueue.cli.configuration import configured
from gradqueue.cli.database import data_option, readable_database_failures
from gradqueue.cli.outcome import complain

if TYPE_CHECKING:
    from services.keys import Key
    from services.store import Store


@click.group()
def keys() -> None:
    """Make, list and revoke API keys."""


def _with_store(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option --data, and the store as its first argument."""

    @wraps(command)
    def run(data: Path | None, **arguments: Any) -> None:
        with _store(data) as store:
            command(store, **arguments)

    return data_option(run)


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(["jobs", "metrics"]),
    default="jobs",
    show_default=True,
    help="What it is for: everything under /v1, or /metrics only.",
)
@click.option("--shares-with", metavar="KEY", help="Id of a key whose objects it sees; to replace that one.")
@_with_store
def create(store: Store, name: str, scope: str, shares_with: str | None) -> None:
    """Make a key and print it, this once: the service keeps only a digest."""
    from services import keys as use_cases
    from services.scopes import Scope

    key, text = use_cases.create(store, name, scope=Scope(scope), shares_with=shares_with)
    complain(f"this is {key.id}; nobody can show it again")
    click.echo(text)


@keys.command("list")
@_with_store
def list_(store: Store) -> None:
    """List all keys, without what it takes to use them."""
    from rich.table import Table
    from rich.text import Text

    from gradqueue.cli.output import print_table
    from services import keys as use_cases

    table = Table(
        "key", "name", "scope", "begins with", "created", "revoked", "owner", box=None, pad_edge=False
    )
    for key in use_cases.list_keys(store):
        table.add_row(*(Text(cell, no_wrap=True) for cell in _cells(key)))
    print_table(table)


@keys.command()
@click.argument("key_id", metavar="KEY")
@_with_store
def revoke(store: Store, key_id: str) -> None:
    """Make a key useless at once; jobs, datasets and models stay."""
    from services import keys as use_cases

    use_cases.revoke(store, key_id)
    click.echo(f"{key_id} revoked")


def _cells(key: Key) -> tuple[str, ...]:
    from services.schemas.times import optional_timestamp, timestamp

    revoked = optional_timestamp(key.revoked_at) or ""
    return key.id, key.name, key.scope, f"gq_{key.prefix}", timestamp(key.created_at), revoked, key.owner


@contextmanager
def _store(data: Path | None) -> Iterator[Store]:
    """Open the database of the settings; what is wrong with it ends the command with a line."""
    settings = configured(data_folder=data)
    from services.store import Store

    with readable_database_failures(settings):
        store = Store(settings.store_url, settings)
        yield store
        store.close()
