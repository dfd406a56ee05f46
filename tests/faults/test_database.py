"""The database killed, frozen, locked, full, out of connections, and cut off in the middle of a COMMIT."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.faults import work
from tests.faults.parts import damage
from tests.faults.parts.stack import LEASE_SECONDS, Stack
from tests.faults.parts.waiting import wait_until

if TYPE_CHECKING:
    import requests

pytestmark = pytest.mark.service

#: Seconds within which a request is refused while the database is away.
REFUSAL_SECONDS = 5.0

on_postgresql = pytest.mark.parametrize("stack", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("stack", ["sqlite"], indirect=True)


def assert_refused_in_time(stack: Stack) -> None:
    """Every door says "not now", in words that a program understands."""
    assert_says_not_now(lambda: stack.client.post_job(work.short_job()))
    assert_says_not_now(lambda: stack.client.ask("GET", "/readyz"))


def assert_says_not_now(request: Callable[[], requests.Response | None]) -> None:
    """Once in three times it is quick enough: what waits too long always does, a busy machine sometimes."""
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        response = request()
        seconds.append(time.monotonic() - began)
        assert response is not None
        assert (response.status_code, response.headers["Content-Type"]) == (503, "application/problem+json")
        assert int(response.headers["Retry-After"]) > 0
        if seconds[-1] < REFUSAL_SECONDS:
            return
    raise AssertionError(f"refused after {seconds} s")


@on_postgresql
def test_postgresql_killed_and_restarted_again_and_again_costs_no_bit(stack: Stack) -> None:
    assert stack.database
    services = (stack.api.pid, stack.worker.pid)
    ids = [stack.submit(work.job_of(2.0, seed=seed)) for seed in range(2)]
    for _ in range(3):
        wait_until(lambda: stack.ids("status = 'running'"), 30.0, "a job runs", stack.tails)
        stack.database.kill()
        assert_refused_in_time(stack)
        stack.database.start()
        ids.append(stack.submit(work.short_job()))
    assert {stack.wait_for_end(job_id)["status"] for job_id in ids} == {"succeeded"}
    assert (stack.api.pid, stack.worker.pid) == services, "nobody had to be started again"


@on_postgresql
def test_a_frozen_postgresql_makes_nobody_hang(stack: Stack) -> None:
    assert stack.database
    job_id = stack.submit(work.job_of(2.0))
    stack.wait_for_epochs(job_id)
    stack.database.freeze()
    for _ in range(3):
        assert_refused_in_time(stack)
    stack.database.thaw()
    assert stack.wait_for_end(job_id)["status"] == "succeeded"


@on_postgresql
def test_a_database_away_for_longer_than_the_lease_costs_no_attempt(stack: Stack) -> None:
    """Its worker was never lost. If the kill undid its last flush, it goes on from the one before."""
    assert stack.database
    job_id = stack.submit(work.job_of(4 * LEASE_SECONDS, max_attempts=1))
    stack.wait_for_epochs(job_id)
    stack.database.kill()
    killed = time.monotonic()
    wait_until(lambda: time.monotonic() - killed > 2 * LEASE_SECONDS, 60.0, "every lease has run out")
    stack.database.start()
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["error"], stack.lost_attempts(job_id)) == ("succeeded", None, 0)


@on_postgresql
def test_a_postgresql_without_free_connections_is_waited_for(stack: Stack) -> None:
    assert stack.database
    for part in (stack.api, stack.worker):
        part.kill()
    with contextlib.ExitStack() as held:
        url = stack.database_url.replace("+psycopg", "")
        with contextlib.suppress(psycopg.OperationalError):
            while True:
                held.enter_context(contextlib.closing(psycopg.connect(url)))
        stack.api.start()
        assert_refused_in_time(stack)
        stack.worker.start(wait=False)
    job_id = stack.submit(work.short_job())
    assert stack.wait_for_end(job_id)["status"] == "succeeded"


@on_sqlite
def test_a_sqlite_file_locked_by_another_process_makes_nobody_hang(stack: Stack, long_seconds: float) -> None:
    """30 s and more in a long campaign; in the suite longer than every time-out and lease of ours."""
    job_id = stack.submit(work.job_of(2.0, max_attempts=1))
    stack.wait_for_epochs(job_id)
    with locked_by_another_process(stack.folder / "gradqueue.db"):
        locked = time.monotonic()
        assert_says_not_now(lambda: stack.client.post_job(work.short_job()))
        assert stack.client.job(job_id)["status"] == "running", "reading goes on"
        wait_until(lambda: time.monotonic() - locked > long_seconds, 100.0, "it was locked for long")
    assert stack.wait_for_end(job_id)["status"] == "succeeded"
    assert stack.lost_attempts(job_id) == 0


@contextlib.contextmanager
def locked_by_another_process(database: Path) -> Iterator[None]:
    lock = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30);"
        "c.execute('BEGIN IMMEDIATE'); print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", lock, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"locked\n"
        yield
        process.communicate()


@on_postgresql
def test_a_submission_whose_commit_was_not_answered_makes_one_job(stack: Stack) -> None:
    """The second look may itself come too late, on a busy machine: then 503, and the client's key helps."""
    assert stack.network
    stack.worker.kill()
    stack.submit(work.short_job())  # so that a connection is there
    for number in range(3):
        before = len(stack.ids("true"))
        stack.network.swallow_reply_to(b"COMMIT\0")
        stack.submit(work.short_job(number))
        assert stack.network.has_swallowed
        assert len(stack.ids("true")) == before + 1


@on_postgresql
def test_a_worker_whose_commits_are_not_answered_changes_no_bit(stack: Stack) -> None:
    assert stack.network
    ids = [stack.submit(work.job_of(1.0, seed=seed)) for seed in range(3)]
    for _ in range(10):
        stack.network.swallow_reply_to(b"COMMIT\0")
        wait_until(lambda: stack.network.has_swallowed, 30.0, "a COMMIT was swallowed")
    assert {stack.wait_for_end(job_id)["status"] for job_id in ids} == {"succeeded"}


@on_postgresql
def test_a_network_to_the_database_that_is_slow_then_dead_then_cut_costs_no_bit(stack: Stack) -> None:
    assert stack.network
    job_id = stack.submit(work.job_of(3.0))
    stack.wait_for_epochs(job_id)
    stack.network.delay = 0.05
    stack.wait_for_epochs(job_id)
    stack.network.freeze()
    assert_refused_in_time(stack)
    stack.network.cut()
    stack.network.mend()
    assert stack.wait_for_end(job_id)["status"] == "succeeded"


def test_two_migrators_at_once_both_succeed(stack: Stack) -> None:
    url = f"sqlite:///{stack.folder / 'other.db'}"
    if stack.database:
        stack.database.execute("CREATE DATABASE other")
        url = stack.database.url("other")
    environment = {**os.environ, **stack.api.environment, "GRADQUEUE_DATABASE_URL": url}
    command = [sys.executable, "-m", "tests.faults.entry", "--", "migrate"]
    migrators = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for _ in range(3)]
    errors = [migrator.communicate(timeout=60)[1].decode() for migrator in migrators]
    assert [migrator.returncode for migrator in migrators] == [0, 0, 0], "\n".join(errors)


@pytest.mark.parametrize("damaged", [1, 2])
def test_a_damaged_checkpoint_is_not_used(stack: Stack, damaged: int) -> None:
    """The one before it is, or none: the bits are the same in the end."""
    job_id = stack.submit(work.job_of(2.0))
    wait_until(
        lambda: len(damage.checkpoints(stack, job_id)) == 2, 30.0, "there are two checkpoints", stack.tails
    )
    stack.client.act(job_id, "pause")
    for version, data in damage.checkpoints(stack, job_id)[-damaged:]:
        damage.flip_a_bit(stack, job_id, version, data)
    stack.client.act(job_id, "resume")
    assert stack.wait_for_end(job_id)["status"] == "succeeded"
