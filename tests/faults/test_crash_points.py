"""Crash at the n-th database statement or COMMIT, for n = 1, 2, 3 … until a process survives."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services import jobs
from services.schemas import parse_job
from services.settings import Limits, Settings
from services.store import Store
from tests.faults import work
from tests.faults.crash import victims
from tests.faults.crash.points import Crash
from tests.faults.judge import audit
from tests.faults.judge.evidence import Undisturbed, collect
from tests.faults.judge.history import JobSeen
from tests.faults.judge.judge import judge
from tests.faults.parts import sql

pytestmark = pytest.mark.service

#: A few epochs, each of which is flushed here.
JOB = work.short_job()


class Bench:
    """A store with an audit, on which processes die one after the other."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.trace = folder / "trace"
        self.store = Store(url, Settings())
        self._expected: dict[str, Undisturbed] = {}
        audit.install(url)

    def submit(self, document: dict[str, Any]) -> str:
        """Submit a job, have its bits judged, and return its id."""
        submission = parse_job(json.dumps(document).encode(), Limits(), lambda _: None)
        job_id = jobs.submit(self.store, submission, queue_limit=1000).job.id
        self.expect(job_id, document)
        return job_id

    def ids(self, condition: str) -> list[str]:
        return [row.id for row in sql.rows(self.url, f"SELECT id FROM jobs WHERE {condition}")]

    def dies(self, victim: Callable[..., None], crash: Crash | None, *arguments: Any) -> bool:
        """Run the victim; tell whether it reached the point to crash at, and died."""
        self.trace.unlink(missing_ok=True)
        return victims.run(victim, self.url, self.trace, crash, *arguments) != 0

    def complete(self) -> None:
        """Do what living workers and sweepers do, until no job is left to do."""
        while self.ids("status IN ('queued', 'running')"):
            self.take_back()
            self.dies(victims.train, None)

    def silence(self) -> None:
        """Let every lease run out."""
        sql.rows(self.url, "UPDATE jobs SET lease_expires_at = 1 WHERE status = 'running'")

    def take_back(self) -> None:
        """Do what a sweeper does after every lease has run out."""
        self.silence()
        jobs.sweep(self.store, limit=100, ring_again_seconds=3600.0)

    def expect(self, job_id: str, document: dict[str, Any]) -> None:
        self._expected[job_id] = work.undisturbed(document)

    def judge(self) -> None:
        seen = [JobSeen(job_id, "queued", 0, 0, None) for job_id in self._expected]
        assert judge(collect(self.url, seen), self._expected) == []


@pytest.fixture
def bench(database_url: str, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(database_url, tmp_path)
    yield bench
    bench.store.close()
    audit.remove(database_url)


def test_an_api_that_dies_anywhere_in_a_submission_makes_one_job_in_the_end(bench: Bench) -> None:
    body = json.dumps(JOB).encode()
    for number in itertools.count(1):
        died = bench.dies(victims.submit, Crash(number), body, f"key {number}")
        bench.dies(victims.submit, None, body, f"key {number}")
        assert len(bench.ids("true")) == number
        if not died:
            break
    assert number > 5
    bench.complete()
    bench.judge()


def test_a_worker_that_dies_anywhere_in_a_job_changes_no_bit(bench: Bench) -> None:
    for number in itertools.count(1):
        job_id = bench.submit(JOB)
        if not bench.dies(victims.train, Crash(number)):
            break
        bench.complete()
        assert jobs.get(bench.store, job_id).status == "succeeded"
    assert number > 15
    bench.judge()


def test_a_worker_that_dies_anywhere_while_it_hands_back_changes_no_bit(bench: Bench) -> None:
    for number in itertools.count(1):
        job_id = bench.submit(JOB)
        if not bench.dies(victims.hand_back, Crash(number)):
            break
        bench.complete()
        assert jobs.get(bench.store, job_id).status == "succeeded"
    assert number > 5
    bench.complete()
    bench.judge()


def test_a_worker_that_dies_anywhere_in_a_job_that_diverges_leaves_it_failed(bench: Bench) -> None:
    for number in itertools.count(1):
        job_id = bench.submit(work.diverging_job())
        died = bench.dies(victims.train, Crash(number))
        bench.complete()
        ended = jobs.get(bench.store, job_id)
        assert (ended.status, ended.error_code) == ("failed", "diverged")
        if not died:
            break
    assert number > 5
    bench.judge()


def test_a_sweeper_that_dies_anywhere_takes_a_job_back_once(bench: Bench) -> None:
    for number in itertools.count(1):
        job_id = bench.submit(JOB)
        assert bench.dies(victims.train, Crash(1, "flush: after commit"))
        bench.silence()
        died = bench.dies(victims.sweep, Crash(number))
        bench.complete()
        ended = jobs.get(bench.store, job_id)
        assert (ended.status, ended.lost_attempts) == ("succeeded", 1)
        if not died:
            break
    assert number > 3
    bench.judge()


@pytest.mark.parametrize("seed", range(2))
def test_a_job_whose_workers_die_at_random_again_and_again_changes_no_bit(bench: Bench, seed: int) -> None:
    numbers = random.Random(seed)
    document = {**JOB, "limits": {"max_attempts": 100}}
    job_id = bench.submit(document)
    while bench.dies(victims.train, Crash(numbers.randint(1, 25))):
        bench.take_back()
    bench.complete()
    assert jobs.get(bench.store, job_id).lost_attempts > 2
    bench.judge()
