"""How many points there are to die at: `python -m tests.faults.crash.count`.

`tests/faults/test_crash_points.py` dies at each of them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from services.store.migrate import upgrade
from tests.faults import work
from tests.faults.bench import Bench
from tests.faults.crash import victims
from tests.faults.crash.points import Crash
from tests.support.databases import PostgresqlDatabase


def points(bench: Bench) -> dict[str, int]:
    """Let each victim live to its end on a store without jobs, and count the points it passes."""
    body = json.dumps(work.short_job()).encode()

    def submit() -> None:
        bench.dies(victims.submit, None, body, "a-key")

    def train() -> None:
        bench.dies(victims.train, None)

    def hand_back() -> None:
        bench.submit(work.short_job())
        bench.dies(victims.hand_back, None)

    def diverge() -> None:
        bench.complete()
        bench.submit(work.diverging_job())
        bench.dies(victims.train, None)

    def sweep() -> None:
        bench.submit(work.short_job())
        bench.dies(victims.train, Crash(1, "flush: after commit"))
        bench.silence()
        bench.dies(victims.sweep, None)

    lives: dict[str, Callable[[], None]] = {
        "an API that takes a job": submit,
        "a worker that trains it to its end": train,
        "a worker that hands it back": hand_back,
        "a worker whose job diverges": diverge,
        "a sweeper that takes a job back": sweep,
    }
    return {what: _count(bench, live) for what, live in lives.items()}


def _count(bench: Bench, live: Callable[[], None]) -> int:
    live()
    return len(bench.points())


def main() -> None:
    """Count on each kind of database and print a table."""
    made = PostgresqlDatabase()
    counts = []
    with tempfile.TemporaryDirectory() as folder:
        sqlite = f"sqlite:///{folder}/gradqueue.db"
        upgrade(sqlite)
        for url in (sqlite, made.fresh()):
            bench = Bench(url, Path(folder))
            counts.append(points(bench))
            bench.close()
    made.drop()
    sys.stdout.write(f"{'points to die at':42}{'SQLite':>10}{'PostgreSQL':>12}\n")
    for what, number in counts[0].items():
        sys.stdout.write(f"{what:42}{number:>10}{counts[1][what]:>12}\n")


if __name__ == "__main__":
    main()
