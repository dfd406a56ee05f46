"""Connections to the database are made after the fork, by every process for itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services import jobs
from tests.support.waiting import until
from tests.worker.process import PATIENCE, a_worker
from tests.worker.training import submitted

if TYPE_CHECKING:
    from services.store import Store

pytestmark = pytest.mark.service


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite is the one that loses locks without a word when a connection crosses a fork."""
    return sqlite_url


JOBS = 3


def test_no_connection_is_open_whenever_the_worker_forks(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    """Each job has a process of its own here, and the main process sweeps all the time."""
    forks = tmp_path / "forks"
    forks.touch()
    often = {"GRADQUEUE_WORKER_JOBS_PER_PROCESS": "1", "GRADQUEUE_SWEEP_SECONDS": "0.05"}
    command = ("-m", "tests.worker.fork_watch", str(forks))
    with a_worker(store, database_url, tmp_path, command=command, **often) as (_, ringer):
        ids = [submitted(store) for _ in range(JOBS)]
        ringer.ring(ids)
        for job_id in ids:
            until(lambda id_=job_id: jobs.get(store, id_).status.is_terminal, "the end of a job", PATIENCE)
    assert {jobs.get(store, job_id).status for job_id in ids} == {"succeeded"}
    seen = forks.read_text().split()
    assert len(seen) >= JOBS
    assert set(seen) == {"0"}
