"""`gradqueue submit`: send a job and, if wanted, watch it train."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import click

from gradqueue.cli.connection import with_client
from gradqueue.cli.outcome import Exit, complain
from gradqueue.problem import Unreachable

if TYPE_CHECKING:
    from gradqueue.client import Client
    from gradqueue.documents import Job


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--watch", is_flag=True, help="Show the training as it goes; the exit code tells how it ended.")
@with_client
def submit(client: Client, file: BinaryIO, watch: bool) -> None:
    """Submit a job file and print the job's id.

    FILE is the document of POST /v1/jobs; "-" reads it from standard input.
    """
    job = client.submit(file.read())
    click.echo(job["id"])
    if not watch:
        return
    try:
        conclude(follow(client, job))
    except (KeyboardInterrupt, Unreachable):
        complain(f"the job goes on without us; look again with: gradqueue show {job['id']}")
        raise


def follow(client: Client, job: Job) -> Job:
    """Show a live progress bar until the job is terminal, and return it as it is then."""
    from gradqueue.cli.progress import training_progress

    with training_progress(job["name"] or job["id"], job["progress"]["epochs"]) as show:
        for job in client.watch(job["id"]):  # noqa: B020 - the newest state of the same job
            progress, latest = job["progress"], job["latest"] or {}
            show(
                progress["epoch"],
                loss=latest.get("train_loss"),
                epochs_per_second=progress["epochs_per_second"],
                seconds_left=progress["eta_seconds"],
                note=None if job["status"] == "running" else job["status"],
            )
    return job


def conclude(job: Job) -> None:
    """Say how the job ended; what did not succeed ends the command with its exit code."""
    epoch = job["progress"]["epoch"]
    if job["status"] == "succeeded":
        click.echo(
            f"{job['id']} succeeded after {epoch} epochs; weights sha256 {job['weights_sha256']}", err=True
        )
        return
    reason = f": {job['error']['detail']} ({job['error']['code']})" if job["error"] else ""
    complain(f"{job['id']} {job['status']} after {epoch} epochs{reason}")
    raise click.exceptions.Exit(Exit.NOT_SUCCEEDED)
