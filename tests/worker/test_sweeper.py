"""The sweeper on a real store and a real broker."""

from __future__ import annotations

import dataclasses
import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services import jobs, workers
from services.doorbell import Ringer
from services.settings import Settings
from services.worker.sweeper import Sweeper
from services.worker.tally import Tallies
from tests.support.brokers import Broker
from tests.support.waiting import until
from tests.worker.training import submitted

if TYPE_CHECKING:
    from services.store import Store

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
def ringer(broker: Broker) -> Iterator[Ringer]:
    ringer = Ringer(Settings(broker_url=broker.url))
    ringer._connected().default_channel.queue_purge("gradqueue")
    yield ringer
    ringer.close()


@pytest.fixture
def settings(database_url: str, broker: Broker) -> Settings:
    return Settings(
        database_url=database_url,
        broker_url=broker.url,
        ring_again_seconds=0.1,
        sweep_seconds=0.05,
        lease_seconds=0.2,
        renew_seconds=0.1,
    )


@pytest.fixture
def dead() -> threading.Event:
    return threading.Event()


def a_sweeper(settings: Settings, dead: threading.Event | None = None, quiet: float = 0.0) -> Sweeper:
    return Sweeper(
        settings,
        worker="this worker",
        processes=2,
        quiet_seconds=lambda: quiet,
        counted=Tallies(2).counted,
        on_dead=(dead or threading.Event()).set,
    )


def test_a_job_whose_worker_died_is_taken_back_and_rung_for(
    store: Store, settings: Settings, ringer: Ringer
) -> None:
    job_id = submitted(store)
    assert jobs.claim(store, worker="a dead one", lease_seconds=-1.0) is not None
    sweeper = a_sweeper(settings)
    until(lambda: sweeper.sweep() or jobs.get(store, job_id).status != "running", "the rescue")

    job = jobs.get(store, job_id)
    assert (job.status, job.attempt, job.lost_attempts) == ("queued", 1, 1)
    assert ringer.waiting() == 1


def test_a_job_that_loses_its_last_worker_fails(store: Store, settings: Settings, ringer: Ringer) -> None:
    job_id = submitted(store, limits={"max_attempts": 1})
    assert jobs.claim(store, worker="a dead one", lease_seconds=-1.0) is not None
    sweeper = a_sweeper(settings)
    until(lambda: sweeper.sweep() or jobs.get(store, job_id).status != "running", "the end")

    job = jobs.get(store, job_id)
    assert (job.status, job.error_code) == ("failed", "worker_lost")
    assert ringer.waiting() == 0


def test_a_ring_that_was_lost_is_repeated_but_only_once(
    store: Store, settings: Settings, ringer: Ringer
) -> None:
    submitted(store)
    sweeper = a_sweeper(settings)
    until(lambda: sweeper.sweep() or ringer.waiting(), "a ring")
    for _ in range(20):
        sweeper.sweep()
    assert ringer.waiting() == 1, "while a ring waits there is no need for another"


def test_a_broker_that_is_away_does_not_keep_jobs_from_being_taken_back(
    store: Store, settings: Settings
) -> None:
    job_id = submitted(store)
    assert jobs.claim(store, worker="a dead one", lease_seconds=-1.0) is not None
    sweeper = a_sweeper(dataclasses.replace(settings, broker_url="redis://127.0.0.1:1/0"))
    until(lambda: sweeper.sweep() or jobs.get(store, job_id).status == "queued", "the rescue")


def test_a_sweep_says_that_its_worker_is_alive(store: Store, settings: Settings) -> None:
    sweeper = a_sweeper(settings)
    assert workers.alive(store) == []
    sweeper.sweep()
    (worker,) = workers.alive(store)
    assert (worker.name, worker.processes) == ("this worker", 2)
    sweeper.stop()
    assert workers.alive(store) == []


def test_a_worker_that_is_silent_for_too_long_is_not_alive(store: Store) -> None:
    workers.renew(store, "gone", processes=1, seconds=-0.001)
    assert workers.alive(store) == []


def test_a_worker_that_no_longer_answers_ends_itself(
    store: Store, settings: Settings, dead: threading.Event
) -> None:
    settings = dataclasses.replace(settings, dead_man_seconds=1.0)
    submitted(store)
    sweeper = a_sweeper(settings, dead, quiet=1000.0)
    until(lambda: sweeper.sweep() or dead.is_set(), "the end of the worker")


def test_a_worker_with_nothing_to_do_does_not_end_itself(
    store: Store, settings: Settings, dead: threading.Event
) -> None:
    sweeper = a_sweeper(dataclasses.replace(settings, dead_man_seconds=1.0), dead, quiet=1000.0)
    for _ in range(10):
        sweeper.sweep()
    assert not dead.is_set()


def test_nothing_is_open_between_sweeps(sqlite_url: str, settings: Settings, tmp_path: Path) -> None:
    """So that a child that is forked then inherits no connection."""
    settings = dataclasses.replace(settings, database_url=sqlite_url)
    before = Counter(_open_files())
    sweeper = a_sweeper(settings)
    sweeper.sweep()
    # Files that other tests left may be closed meanwhile.
    assert Counter(_open_files()) <= before


def test_a_fork_waits_until_the_sweep_is_over(store: Store, settings: Settings) -> None:
    """The thread sweeps all the time; no child may find the lock of a sweep or a connection in its memory."""
    sweeper = a_sweeper(dataclasses.replace(settings, sweep_seconds=0.001))
    sweeper.on_worker_ready()
    try:
        for _ in range(20):
            if (child := os.fork()) == 0:
                unsafe = True
                try:
                    unsafe = sweeper._store._writer.pool.checkedin() > 0 or sweeper._at_work.locked()
                finally:
                    os._exit(unsafe)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        sweeper.stop()


def _open_files() -> list[str]:
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sorted(str(link.readlink()) for link in links if link.exists())
