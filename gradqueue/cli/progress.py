"""A live progress bar for one training: epoch, loss, speed, time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn


class Show(Protocol):
    """Bring the bar up to date."""

    def __call__(
        self,
        epoch: int,
        *,
        loss: float | None,
        epochs_per_second: float | None,
        seconds_left: float | None,
        note: str | None = None,
    ) -> None:
        """Show these numbers; what is None is left out. `note` stands for speed and time left."""


@contextmanager
def training_progress(title: str, epochs: int) -> Iterator[Show]:
    """Yield a function that moves the bar. On standard error, so that output can be piped."""
    bar = Progress(
        TextColumn("{task.fields[title]}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("epoch {task.completed:,.0f}/{task.total:,.0f}"),
        TextColumn("{task.fields[numbers]}"),
        console=Console(stderr=True),
    )
    with bar:
        task = bar.add_task("", total=epochs, title=title, numbers="")

        def show(
            epoch: int,
            *,
            loss: float | None,
            epochs_per_second: float | None,
            seconds_left: float | None,
            note: str | None = None,
        ) -> None:
            parts = [] if loss is None else [f"loss {loss:.6g}"]
            if note is not None:
                parts.append(note)
            else:
                parts += [] if epochs_per_second is None else [f"{_short(epochs_per_second)} epochs/s"]
                parts += [] if seconds_left is None else [f"{_duration(seconds_left)} left"]
            bar.update(task, completed=epoch, numbers=" · ".join(parts), refresh=True)

        yield show


def _short(number: float) -> str:
    """Return a number with no more digits than it takes to read it: "0.3", "7.5", "12", "1,234"."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _duration(seconds: float) -> str:
    """Return a time as people say it: "0.4 s", "12 s", "3 min 05 s", "2 h 07 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"
