"""Commands that look at jobs: jobs, show, curve, weights."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

import click

from gradqueue.cli.connection import with_client

if TYPE_CHECKING:
    from gradqueue.client import Client

_job = click.argument("job_id", metavar="JOB")


@click.command()
@click.option("--status", help="Only jobs in this status.")
@click.option("--name", help="Only jobs with this name.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most.")
@with_client
def jobs(client: Client, status: str | None, name: str | None, limit: int) -> None:
    """List jobs, newest first."""
    from gradqueue.cli.tables import print_jobs

    print_jobs(islice(client.jobs(status=status, name=name), limit))


@click.command()
@_job
@click.option("--json", "as_json", is_flag=True, help="Print the document as the service sends it.")
@with_client
def show(client: Client, job_id: str, as_json: bool) -> None:
    """Show one job."""
    job = client.job(job_id)
    if as_json:
        click.echo(json.dumps(job, indent=2, ensure_ascii=False))
        return
    from gradqueue.cli.tables import print_job

    print_job(job)


@click.command()
@_job
@click.option("--metric", default="train_loss", show_default=True, help="Which curve to draw.")
@click.option(
    "--save", type=click.Path(dir_okay=False, path_type=Path), help="Save a picture (.png or .svg) instead."
)
@with_client
def curve(client: Client, job_id: str, metric: str, save: Path | None) -> None:
    """Draw a job's loss curve in the terminal."""
    if save is not None:
        kind = save.suffix.lstrip(".").lower()
        if kind not in ("png", "svg"):
            raise click.BadParameter("the name must end in .png or .svg", param_hint="--save")
        save.write_bytes(client.loss_curve_picture(job_id, cast("Literal['png', 'svg']", kind)))
        click.echo(f"saved {save}", err=True)
        return
    from gradqueue.cli.chart import chart

    stored = client.loss_curve(job_id)
    if metric not in stored or metric == "epochs":
        known = ", ".join(name for name in stored if name != "epochs")
        raise click.BadParameter(f"the job has {known}", param_hint="--metric")
    click.echo(
        chart(stored["epochs"], stored[metric], metric) if stored["epochs"] else "no epoch is done yet"
    )


@click.command()
@_job
@click.option(
    "--out", type=click.File("wb"), default="-", help="Where to write; standard output if left out."
)
@with_client
def weights(client: Client, job_id: str, out: BinaryIO) -> None:
    """Download a job's weights as JSON."""
    out.write(json.dumps(client.weights(job_id), indent=1).encode() + b"\n")
