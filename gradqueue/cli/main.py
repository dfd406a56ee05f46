"""All commands in one group, listed in the order in which a newcomer meets them."""

from __future__ import annotations

import click

from gradqueue.cli import (
    act,
    backups,
    datasets,
    health,
    keys,
    look,
    moving,
    processes,
    settings,
    submit,
    train,
)
from gradqueue.cli.outcome import EXIT_CODES, readable_failures


class Commands(click.Group):
    """A group that keeps its commands' order and turns failures into a line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of registration, not of the alphabet."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what fails on purpose never shows a traceback."""
        with readable_failures(ctx):
            return super().invoke(ctx)


@click.group(cls=Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gradqueue", prog_name="gradqueue", message="%(prog)s %(version)s")
def main() -> None:
    """Train small neural networks as queued jobs, over HTTP, to the last bit the same every time."""


for command in (
    processes.serve,
    submit.submit,
    look.jobs,
    look.show,
    look.curve,
    look.weights,
    act.cancel,
    act.pause,
    act.resume,
    act.delete,
    datasets.datasets,
    train.train,
    processes.api,
    processes.worker,
    processes.migrate,
    health.health,
    keys.keys,
    moving.export,
    moving.import_,
    backups.backup,
    backups.restore,
    backups.requeue,
    settings.settings,
):
    main.add_command(command)
