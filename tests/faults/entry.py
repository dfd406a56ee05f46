"""Runs a part of the service with a fault built in: `python -m tests.faults.entry [OPTIONS] -- COMMAND …`.

The command is one of `gradqueue`'s, its code and its processes the real ones.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.crash import points

if TYPE_CHECKING:
    from nn.spec import Spec
    from nn.training import Trainer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--crash-at", default="", metavar="NAME", help="die where a point's name begins so")
    parser.add_argument(
        "--crash-number", type=int, default=1, help="... at the n-th time, over all processes"
    )
    parser.add_argument("--trace", type=Path, help="file in which the processes count together")
    parser.add_argument("--clock-ahead", type=float, default=0.0, metavar="SECONDS", help="a wrong clock")
    parser.add_argument("--deadly-seed", type=int, help="training with this seed kills its process")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    if options.clock_ahead:
        _put_clock_ahead(options.clock_ahead)
    if options.deadly_seed is not None:
        _make_deadly(options.deadly_seed)
    if options.crash_at:
        use_case = options.crash_at.partition(":")[0]
        crash = points.Crash(options.crash_number, options.crash_at)
        points.install(points.Tracer(options.trace, frozenset({use_case}), crash))
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

    start = trainers.start

    def deadly_start(spec: Spec, *arguments: Any, **options: Any) -> Trainer:
        if spec.training.seed == seed:
            os.kill(os.getpid(), signal.SIGSEGV)
        return start(spec, *arguments, **options)

    trainers.start = deadly_start


if __name__ == "__main__":
    main()
