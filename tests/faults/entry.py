"""Runs a part of the service with faults built in: `python -m tests.faults.entry [OPTIONS] -- COMMAND …`.

The command is one of `gradqueue`'s; its code and its processes are the real ones.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nn.spec import Spec
    from nn.training import Trainer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--clock-ahead", type=float, default=0.0, metavar="SECONDS", help="have a wrong clock"
    )
    parser.add_argument("--trap", type=Path, help="file that names the database operation to die at")
    parser.add_argument("--deadly-seed", type=int, help="seed whose training kills its process")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    if options.clock_ahead:
        _put_clock_ahead(options.clock_ahead)
    # Imported after the clock was put ahead.
    from tests.faults.crash import points

    if options.trap:
        points.watch(points.Trap(options.trap).reached)
    if options.deadly_seed is not None:
        _make_deadly(options.deadly_seed)
    from gradqueue.cli import main as gradqueue

    sys.argv = ["gradqueue", *options.command]
    gradqueue()


def _put_clock_ahead(seconds: float) -> None:
    # Before anything else is imported: Celery and kombu keep a `time` of their own.
    right_time = time.time
    time.time = lambda: right_time() + seconds


def _make_deadly(seed: int) -> None:
    """Have a training with this seed end its process, as a mistake in native code does."""
    from nn import trainers
    from tests.faults.crash import points

    start = trainers.start

    def deadly_start(spec: Spec, *arguments: Any, **options: Any) -> Trainer:
        if spec.training.seed == seed:
            points.die()
        return start(spec, *arguments, **options)

    trainers.start = deadly_start


if __name__ == "__main__":
    main()
