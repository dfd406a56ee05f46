"""What a process does until it dies at its crash point: the real code of the API, a worker, the sweeper.

Each runs in a process of its own, forked from a server that has imported everything: cheap enough to do
once for every statement.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services import jobs
from services.doorbell import Doorbell
from services.settings import Settings
from services.store import Store
from services.store.migrate import upgrade
from services.worker import pace
from services.worker.child import Child
from services.worker.signs import Signs
from services.worker.tally import Tally
from tests.faults.crash.points import Crash, Tracer, watch

SUBMIT = frozenset({"submit"})
LIFE = frozenset({"claim", "flush", "finish", "fail", "hand_back"})
SWEEP = frozenset({"sweep"})
MIGRATE = frozenset({"upgrade"})

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__, "tests.faults.crash.warmed"])


def run(work: Callable[..., None], *arguments: Any) -> int:
    """Do the work in a process of its own and return its exit code: 0, or -9 if it met its crash point."""
    process = _processes.Process(target=work, args=arguments)
    process.start()
    process.join()
    assert process.exitcode in (0, -9), f"{work.__name__} ended with {process.exitcode}"
    return process.exitcode


def submit(url: str, trace: Path, crash: Crash | None, body: bytes, key: str) -> None:
    """Answer one POST."""
    from services.api.app import create_app

    settings = _settings(url)
    app = create_app(Store(url, settings), Doorbell(settings), settings)
    watch(Tracer(trace, SUBMIT, crash).reached)
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    response = app.test_client().post("/v1/jobs", data=body, headers=headers)
    assert response.status_code == 202, response.text


def train(url: str, trace: Path, crash: Crash | None) -> None:
    """Answer one ring: claim the next job and train it to its end."""
    _answer_ring(url, trace, crash, Signs())


def hand_back(url: str, trace: Path, crash: Crash | None) -> None:
    """Answer one ring in a worker that is about to end."""
    signs = Signs()
    signs.stop()
    _answer_ring(url, trace, crash, signs)


def _answer_ring(url: str, trace: Path, crash: Crash | None, signs: Signs) -> None:
    # The trainer comes back after each sample, and every epoch is flushed by itself.
    pace.FIRST_WORK, pace.LARGEST_GROWTH = 1, 1.0
    child = Child(_settings(url), signs, Tally(), worker="victim", parent=os.getppid())
    watch(Tracer(trace, LIFE, crash).reached)
    child.answer("")


def sweep(url: str, trace: Path, crash: Crash | None) -> None:
    """Sweep once."""
    watch(Tracer(trace, SWEEP, crash).reached)
    jobs.sweep(Store(url, _settings(url)), limit=100, ring_again_seconds=0.0)


def migrate(url: str, trace: Path, crash: Crash | None) -> None:
    """Bring the database to the newest schema."""
    watch(Tracer(trace, MIGRATE, crash).reached)
    upgrade(url)


def _settings(url: str) -> Settings:
    # A broker that refuses everything: these processes ring for nobody.
    return Settings(database_url=url, broker_url="redis://127.0.0.1:1/0", flush_seconds=0.0)
