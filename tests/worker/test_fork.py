"""Connections to the database are made after the fork, by every process for itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services import jobs
from services.doorbell import Ringer
from services.settings import Settings
from tests.support.brokers import Broker
from tests.support.waiting import until
from tests.worker.training import submitted

if TYPE_CHECKING:
    from services.store import Store

pytestmark = pytest.mark.service

JOBS = 3


def test_no_connection_is_open_whenever_the_worker_forks(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    """Each job has a process of its own here, and the main process sweeps without a pause meanwhile."""
    forks = tmp_path / "forks"
    forks.touch()
    with Broker(tmp_path) as broker:
        environment = {
            "GRADQUEUE_DATABASE_URL": database_url,
            "GRADQUEUE_BROKER_URL": broker.url,
            "GRADQUEUE_WORKERS": "1",
            "GRADQUEUE_WORKER_JOBS_PER_PROCESS": "1",
            "GRADQUEUE_SWEEP_SECONDS": "0.05",
            "GRADQUEUE_RING_AGAIN_SECONDS": "0.5",
        }
        command = [sys.executable, "-m", "tests.worker.fork_watch", str(forks)]
        worker = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        ringer = Ringer(Settings(broker_url=broker.url))
        try:
            ids = [submitted(store) for _ in range(JOBS)]
            ringer.ring(ids)
            until(
                lambda: all(jobs.get(store, job_id).status == "succeeded" for job_id in ids),
                "the end of every job",
                seconds=90,
            )
        finally:
            ringer.close()
            worker.terminate()
            worker.wait(30)
    seen = forks.read_text().split()
    assert len(seen) >= JOBS
    assert set(seen) == {"0"}
