"""The broker killed again and again while jobs finish: no worker may stop taking rings.

Celery 5.7 with kombu's imitated acknowledgements did, or exited: docs/decisions/broker.md. The dead man's
switch is off here, for it would hide just that.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.serve import Serve
from tests.faults.work import short_job
from tests.support.waiting import until

pytestmark = pytest.mark.service

#: The first number of `random.Random`; with another the broker dies at other moments.
SEED = 20
ROUNDS = 4
JOBS_IN_A_ROUND = 15


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    serve = Serve(tmp_path, GRADQUEUE_DEAD_MAN_SECONDS="100000")
    serve.start()
    yield serve
    serve.discard()


def test_a_worker_takes_rings_however_often_the_broker_died(serve: Serve) -> None:
    choice = random.Random(SEED)
    worker = serve.worker_process
    for round_number in range(ROUNDS):
        kills = set(choice.sample(range(JOBS_IN_A_ROUND), choice.randint(1, 3)))
        ids = []
        for number in range(JOBS_IN_A_ROUND):
            ids.append(serve.client.submit(short_job(seed=number, epochs=20))["id"])
            if number in kills:
                _kill_broker(serve)
        for job_id in ids:
            job = serve.client.wait(job_id, timeout_seconds=30)
            assert job["status"] == "succeeded", (SEED, round_number, serve.tail())
        _takes_rings_at_once(serve)
    assert serve.worker_process == worker, f"the worker exited (seed {SEED}):\n{serve.tail()}"


def _kill_broker(serve: Serve) -> None:
    broker = serve.broker_process
    os.kill(broker, signal.SIGKILL)
    until(lambda: serve.brokers() - {broker}, "another broker")


def _takes_rings_at_once(serve: Serve) -> None:
    """A job now needs no help from the sweeper, on either of the two training processes."""

    def waits_little() -> bool:
        ids = [serve.client.submit(short_job(seed))["id"] for seed in range(4)]
        jobs = [serve.client.wait(job_id, timeout_seconds=30) for job_id in ids]
        return all(job["durations"]["queued_seconds"] < 0.5 for job in jobs)

    until(waits_little, "four jobs in a row that are claimed at once", seconds=20)
