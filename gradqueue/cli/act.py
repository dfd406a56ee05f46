"""Commands that change a job: cancel, pause, resume, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gradqueue.cli.connection import with_client

if TYPE_CHECKING:
    from gradqueue.client import Client
    from gradqueue.documents import Job

_job = click.argument("job_id", metavar="JOB")


@click.command()
@_job
@with_client
def cancel(client: Client, job_id: str) -> None:
    """End a job for good; its loss curve and weights so far stay."""
    _say(client.cancel(job_id))


@click.command()
@_job
@with_client
def pause(client: Client, job_id: str) -> None:
    """Stop a job until it is resumed."""
    _say(client.pause(job_id))


@click.command()
@_job
@with_client
def resume(client: Client, job_id: str) -> None:
    """Let a paused job go on from its checkpoint."""
    _say(client.resume(job_id))


@click.command()
@_job
@with_client
def delete(client: Client, job_id: str) -> None:
    """Delete a job that is done, with everything stored about it."""
    client.delete(job_id)
    click.echo(f"{job_id} deleted")


def _say(job: Job) -> None:
    click.echo(f"{job['id']} {job['status']}")
