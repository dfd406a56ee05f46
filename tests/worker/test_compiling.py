"""The kernels are ready before a worker takes its first job, and nothing is compiled for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services import jobs
from tests.support.waiting import until
from tests.worker.process import PATIENCE, a_worker
from tests.worker.training import submitted

if TYPE_CHECKING:
    from pathlib import Path

    from services.store import Store

pytestmark = pytest.mark.service


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Which database is of no matter here."""
    return sqlite_url


MODELS: tuple[dict[str, Any], ...] = (
    {"layers": [3, 3, 1]},
    {"layers": [7, 1], "activation": "tanh"},
    {"layers": [2, 9, 4, 1], "activation": ["sigmoid", "leaky_relu", "relu"]},
)


def test_no_job_of_whatever_architecture_waits_for_a_compilation(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    compiled = tmp_path / "compiled"
    compiled.touch()
    command = ("-m", "tests.worker.compile_watch", str(compiled))
    with a_worker(store, database_url, tmp_path, command=command) as (_, ringer):
        ids = [submitted(store, model=model) for model in MODELS]
        ringer.ring(ids)
        for job_id in ids:
            until(lambda id_=job_id: jobs.get(store, id_).status.is_terminal, "the end of a job", PATIENCE)
    done = [jobs.get(store, job_id) for job_id in ids]
    assert {(job.status, job.trainer) for job in done} == {("succeeded", "compiled")}
    assert compiled.read_text() == ""
