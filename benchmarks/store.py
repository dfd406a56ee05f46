"""The store: epochs stored per second, and whether a long queue slows anything: `python -m benchmarks.store`.

On SQLite in a temporary folder and on the PostgreSQL of the tests, if there is one. Each figure is of real
use cases through `services.jobs`, commits included; the writers are processes, as workers are.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import numpy as np

from services import jobs
from services.jobs import Flush
from services.settings import Settings
from services.store import Store
from services.store.migrate import upgrade
from tests.support.databases import PostgresqlDatabase, analyze
from tests.support.jobs import LEASE_SECONDS, claimed, fill_queue, submitted

SETTINGS = Settings(database_wait_seconds=10, database_statement_seconds=60)
FLUSHES = 100
CALLS = 200
EPOCHS_PER_FLUSH = (1, 50, 500, 50_000)


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Make an empty database of each kind that there is; their URLs by name."""
    postgresql = PostgresqlDatabase()
    with tempfile.TemporaryDirectory() as folder:
        urls = {"SQLite": f"sqlite:///{folder}/gradqueue.db"}
        upgrade(urls["SQLite"])
        try:
            urls["PostgreSQL"] = postgresql.fresh()
        except BaseException as error:  # pytest's own "skip" is not an Exception
            print(f"without PostgreSQL: {error}")
        try:
            yield urls
        finally:
            postgresql.drop()


def flush_all(url: str, epochs: int) -> float:
    """Train one job as fast as the store takes it; return the seconds that its flushes took."""
    store = Store(url, SETTINGS)
    submitted(store, epochs=epochs * FLUSHES)
    claim = claimed(store)
    curve = {"train_loss": np.random.default_rng(0).random(epochs)}
    begin = time.perf_counter()
    for first in range(1, epochs * FLUSHES, epochs):
        jobs.flush(store, claim, _flush(first, curve, epochs), LEASE_SECONDS)
    seconds = time.perf_counter() - begin
    jobs.cancel(store, claim.job_id)
    store.close()
    return seconds


def _flush(first: int, curve: dict[str, np.ndarray], epochs: int) -> Flush:
    last = first + epochs - 1
    checkpoint = b"x" * 1000  # of a network with about a hundred parameters
    return Flush(
        first_epoch=first,
        curve=curve,
        epoch=last,
        checkpoint=checkpoint,
        epochs_per_second=1.0,
        best={"epoch": last, "train_loss": 0.0},
        trainer="compiled",
    )


def throughput(urls: dict[str, str], writers: int) -> None:
    """Print the epochs per second that `writers` processes store."""
    print(f"\nepochs stored per second by {writers} writers")
    print("epochs per flush" + "".join(f"{name:>14}" for name in urls))
    with ProcessPoolExecutor(writers, mp_context=multiprocessing.get_context("spawn")) as processes:
        for epochs in EPOCHS_PER_FLUSH:
            figures = []
            for url in urls.values():
                seconds = list(processes.map(flush_all, [url] * writers, [epochs] * writers))
                figures.append(sum(epochs * FLUSHES / each for each in seconds))
            print(f"{epochs:>16,}" + "".join(f"{figure:>14,.0f}" for figure in figures), flush=True)


def latencies(url: str, queued: int) -> dict[str, float]:
    """Return the median milliseconds of each call while `queued` jobs wait."""
    store = Store(url, SETTINGS)
    job_id = submitted(store).id
    fill_queue(store, queued)
    analyze(url)
    calls: dict[str, Callable[[], object]] = {
        "submit": lambda: submitted(store),
        "claim, hand back": lambda: jobs.hand_back(store, claimed(store)),
        "status": lambda: jobs.get(store, job_id),
        "list, first page": lambda: jobs.list_jobs(store, jobs.JobFilters(), limit=20),
        "sweep": lambda: jobs.sweep(store, limit=100, ring_again_seconds=3600),
    }
    medians = {what: _median_milliseconds(call) for what, call in calls.items()}
    store.close()
    return medians


def _median_milliseconds(call: Callable[[], object]) -> float:
    times = []
    for _ in range(CALLS):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1000


def long_queue(urls: dict[str, str]) -> None:
    """Print what calls cost with a short and with a long queue."""
    print("\nmedian milliseconds of a call while jobs wait")
    print(f"{'':30}{'100':>10}{'100,000':>10}{'ratio':>8}")
    for name, url in urls.items():
        short, long = latencies(url, 100), latencies(url, 100_000)
        for what, milliseconds in short.items():
            ratio = long[what] / milliseconds
            print(f"{name:12}{what:18}{milliseconds:>10.2f}{long[what]:>10.2f}{ratio:>8.2f}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--writers", type=int, default=2)
    arguments = parser.parse_args()
    with databases() as urls:
        throughput(urls, arguments.writers)
        long_queue(urls)


if __name__ == "__main__":
    main()
