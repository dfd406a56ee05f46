"""`gradqueue datasets`: upload a file once, and train as many jobs on it as you like."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Literal

import click

from gradqueue.cli.connection import with_client
from gradqueue.cli.outcome import complain

if TYPE_CHECKING:
    from gradqueue.client import Client

_dataset = click.argument("dataset_id", metavar="DATASET")


@click.group()
def datasets() -> None:
    """Upload, list, show, download and delete datasets."""


@datasets.command()
@click.argument("file", type=click.File("rb"))
@click.option("--target", metavar="COLUMN", help="The target's column, or several: a,b. [default: the last]")
@click.option(
    "--problem",
    type=click.Choice(["regression", "classification"]),
    help="What is to be learned; classification if the targets are labels. [default: regression]",
)
@click.option("--name", help="What to call it.")
@with_client
def upload(client: Client, file: BinaryIO, target: str | None, problem: str | None, name: str | None) -> None:
    """Upload a CSV file and print the dataset's id; a job takes it as "dataset": {"id": …}.

    FILE begins with a line of column names; "-" reads it from standard input.
    """
    dataset = client.upload_dataset(file.read(), target=target, problem=problem, name=name)
    click.echo(dataset["id"])
    for warning in dataset["warnings"]:
        complain(f"{warning['detail']} ({warning['code']})")


@datasets.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most.")
@with_client
def list_(client: Client, limit: int) -> None:
    """List datasets, newest first."""
    from gradqueue.cli.tables import print_datasets

    print_datasets(islice(client.datasets(), limit))


@datasets.command()
@_dataset
@click.option("--json", "as_json", is_flag=True, help="Print the document as the service sends it.")
@with_client
def show(client: Client, dataset_id: str, as_json: bool) -> None:
    """Show a dataset's columns, and what may be wrong with it."""
    dataset = client.dataset(dataset_id)
    if as_json:
        click.echo(json.dumps(dataset, indent=2, ensure_ascii=False))
        return
    from gradqueue.cli.tables import print_columns

    print_columns(dataset)
    for warning in dataset["warnings"]:
        complain(f"{warning['detail']} ({warning['code']})")


@datasets.command()
@_dataset
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option(
    "--out", type=click.File("wb"), default="-", help="Where to write; standard output if left out."
)
@with_client
def download(client: Client, dataset_id: str, kind: Literal["csv", "json"], out: BinaryIO) -> None:
    """Download a dataset as a file that can be uploaded again."""
    out.write(client.dataset_content(dataset_id, kind))


@datasets.command()
@_dataset
@with_client
def delete(client: Client, dataset_id: str) -> None:
    """Delete a dataset that no job needs any more."""
    client.delete_dataset(dataset_id)
    click.echo(f"{dataset_id} deleted")
