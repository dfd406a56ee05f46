"""A worker, or one process of it, that is told to end hands its job back, at the cost of no attempt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services import broker, jobs, workers
from tests.faults.parts import tree
from tests.support.waiting import until
from tests.worker.process import PATIENCE, a_worker
from tests.worker.training import submitted

if TYPE_CHECKING:
    from services.doorbell import Ringer
    from services.store import Store

pytestmark = pytest.mark.service


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One kind of database will do: this is about processes."""
    return sqlite_url


ENDLESS = {"epochs": 10_000_000, "shuffle": True, "batch_size": 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_worker_told_to_end_hands_back_and_signs_off(
    store: Store, database_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    with a_worker(store, database_url, tmp_path) as (worker, ringer):
        job_id = submitted(store, training=ENDLESS)
        ringer.ring([job_id])
        until(lambda: jobs.get(store, job_id).epoch > 0, "progress", PATIENCE)
        children = tree.descendants(worker.pid)

        worker.send_signal(number)
        until(lambda: jobs.get(store, job_id).status == "queued", "the job handed back", seconds=5)
        worker.wait(PATIENCE)

    job = jobs.get(store, job_id)
    assert (job.status, job.attempt, job.lost_attempts) == ("queued", 1, 0)
    assert not any(tree.exists(pid) for pid in children)
    assert workers.alive(store) == []


def test_a_process_told_to_end_hands_back_and_another_goes_on_at_once(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    """As when a service manager sends SIGTERM to every process there is."""
    with a_worker(store, database_url, tmp_path) as (worker, ringer):
        job_id = submitted(store, training=ENDLESS)
        ringer.ring([job_id])
        until(lambda: jobs.get(store, job_id).epoch > 0, "progress", PATIENCE)
        epoch = jobs.get(store, job_id).epoch
        (child,) = tree.children(worker.pid)

        os.kill(child, signal.SIGTERM)

        until(lambda: jobs.get(store, job_id).attempt == 2, "the next attempt", PATIENCE)
        until(lambda: jobs.get(store, job_id).epoch > epoch, "progress of the next attempt", PATIENCE)
        assert jobs.get(store, job_id).lost_attempts == 0
        assert not tree.exists(child)


def test_a_worker_that_takes_no_more_rings_ends_with_an_error_for_its_supervisor(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    """It is told to stop consuming, and from outside looks as it does after trouble with the broker."""
    with a_worker(store, database_url, tmp_path, GRADQUEUE_DEAD_MAN_SECONDS="1") as (worker, ringer):
        ringer._app.control.cancel_consumer(broker.QUEUE)
        until(lambda: _is_left_unanswered(store, ringer), "a ring that nobody answers", PATIENCE)
        assert worker.wait(PATIENCE) == os.EX_SOFTWARE


def _is_left_unanswered(store: Store, ringer: Ringer) -> bool:
    job_id = submitted(store)
    ringer.ring([job_id])
    until(lambda: jobs.get(store, job_id).status.is_terminal or ringer.waiting(), "an answer, or none")
    return not jobs.get(store, job_id).status.is_terminal


#: A process of the pool that has answered a ring. A proper exit takes it long, as billiard has it wait for
#: the main process to take the last result.
_IDLE_CHILD = """
import os, signal, sys, time
from services.settings import Settings
from services.worker.child import Child
from services.worker.signs import Signs
from services.worker.tally import Tally
main_process = os.getpid()
if os.fork() == 0:
    child = Child(Settings(database_url=sys.argv[1]), Signs(), Tally(), worker="w", parent=main_process)
    signal.signal(signal.SIGTERM, lambda *_: time.sleep(1000))
    child.answer("job_1")
    print(os.getpid(), flush=True)
signal.pause()
"""


def test_a_process_whose_main_process_died_before_it_took_the_last_result_ends_at_once(
    database_url: str,
) -> None:
    command = [sys.executable, "-c", _IDLE_CHILD, database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as main_process:
        assert main_process.stdout
        child = int(main_process.stdout.readline())
        main_process.kill()
        until(lambda: not tree.exists(child), "the end of the orphan", PATIENCE)
