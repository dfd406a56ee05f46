"""`gradqueue train`: a job file trained in this process, with no service."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, BinaryIO

import click

from gradqueue.cli.configuration import configured
from gradqueue.cli.outcome import Exit, complain

if TYPE_CHECKING:
    from pathlib import Path

    from nn.training import Progress, Trainer


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--trainer", help="reference (the definition) or compiled (faster, the same bits).")
@click.option(
    "--out", type=click.File("wb", lazy=True), default="-", help="Where the weights go. [default: -]"
)
def train(file: BinaryIO, trainer: str | None, out: BinaryIO) -> None:
    """Train a job file here, without a service.

    FILE is the document of POST /v1/jobs; "-" reads it from standard input. The weights are the same, to
    the last bit, as those that the service gives.
    """
    from nn import trainers
    from nn.model import model_of
    from nn.preparation import prepare
    from nn.training import Diverged
    from services.schemas import weights
    from services.schemas.submission import understand

    if trainer is not None and trainer not in trainers.TRAINERS:
        raise click.BadParameter(f"choose from {', '.join(trainers.TRAINERS)}", param_hint="--trainer")
    settings = configured()
    job = understand(file.read(), settings.limits, _no_stored_dataset)
    prepared = prepare(job.spec, job.dataset, job.validation)
    wanted = trainer or trainers.DEFAULT_TRAINER
    if wanted == "compiled":
        _warm(settings.data_folder / "kernels")
    training = trainers.start(job.spec, prepared, trainer=wanted)
    title = job.request.name or "training"
    if training.name != wanted:
        complain(
            f"{title} cannot run natively and is trained by the {training.name} trainer, which is slower"
        )
    try:
        _run(training, title, job.spec.training.epochs)
    except Diverged as diverged:
        complain(f"{title} failed: {diverged} (diverged)")
        raise click.exceptions.Exit(Exit.NOT_SUCCEEDED) from None
    model = model_of(job.spec, prepared, training.parameters(), training.kept_epoch)
    out.write(json.dumps(weights.present(model), indent=1).encode() + b"\n")


def _warm(folder: Path) -> None:
    """Make the kernels ready: from beside the code, from `folder`, or compiled within a minute."""
    from nn import trainers

    compiled: list[str] = []

    def tell(function: str) -> None:
        if not compiled:
            complain("compiling the kernels, once per installation; this takes up to a minute")
        compiled.append(function)

    trainers.warm(folder, tell)


def _no_stored_dataset(dataset_id: str) -> None:
    """Find nothing: without a service there are no stored datasets."""


def _run(training: Trainer, title: str, epochs: int) -> None:
    """Train to the end under a progress bar.

    Raises:
        Diverged: a loss or a parameter is no longer finite.
    """
    from gradqueue.cli.progress import training_progress
    from nn.training import Diverged
    from services.worker.pace import Pace

    pace, began = Pace(), time.monotonic()
    with training_progress(title, epochs) as bar:

        def show(progress: Progress) -> None:
            if not progress.curve["train_loss"].size:
                return
            speed = progress.epoch / (time.monotonic() - began)
            bar(
                progress.epoch,
                loss=float(progress.curve["train_loss"][-1]),
                epochs_per_second=speed,
                seconds_left=(epochs - progress.epoch) / speed,
            )

        while True:
            called = time.monotonic()
            try:
                progress = training.advance(pace.work)
            except Diverged as diverged:
                show(diverged.progress)
                raise
            pace.took(time.monotonic() - called)
            show(progress)
            if progress.stop_reason is not None:
                return
