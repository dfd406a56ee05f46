"""Several processes at one database: nothing is lost, nothing is done twice, nobody is turned away."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from services import jobs
from services.settings import Settings
from services.status import Status
from services.store import Store
from tests.support.jobs import LEASE_SECONDS, a_flush, finished, flush, submitted

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSES = 3
JOBS = 15
SPAWN = multiprocessing.get_context("spawn")


def _submit(url: str) -> list[str]:
    store = Store(url, Settings())
    ids = [submitted(store).id for _ in range(JOBS)]
    store.close()
    return ids


def _work(url: str) -> list[str]:
    """Train whatever is queued, with flushes small enough to get into everybody's way."""
    store = Store(url, Settings())
    trained = []
    while (claim := jobs.claim(store, worker="a process", lease_seconds=LEASE_SECONDS)) is not None:
        for last in (10, 20, 30):
            flush(store, claim, last - 9, last)
        finished(store, claim, 31, 50)
        trained.append(claim.job_id)
    store.close()
    return trained


@pytest.fixture
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(PROCESSES, mp_context=SPAWN) as pool:
        yield pool


@pytest.mark.service
def test_processes_that_submit_and_train_at_once_lose_nothing(
    store: Store, database_url: str, processes: ProcessPoolExecutor
) -> None:
    submissions = list(processes.map(_submit, [database_url] * PROCESSES))
    trained = list(processes.map(_work, [database_url] * PROCESSES))

    ids = sorted(job_id for part in submissions for job_id in part)
    assert sorted(job_id for part in trained for job_id in part) == ids
    for job_id in ids:
        job = jobs.get(store, job_id)
        assert (job.status, job.attempt, job.epoch) == (Status.SUCCEEDED, 1, 50)
        curve = jobs.loss_curve(store, job_id)
        assert np.array_equal(curve.metrics["train_loss"], a_flush(1, 50).curve["train_loss"])
