"""Crash at the n-th database statement or COMMIT, for n = 1, 2, 3 … until a process survives."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services import jobs
from tests.faults import work
from tests.faults.crash import victims
from tests.faults.crash.points import Crash
from tests.faults.parts import sql

if TYPE_CHECKING:
    from tests.faults.bench import Bench

pytestmark = pytest.mark.service

#: A few epochs, each of which is flushed here.
JOB = work.short_job()


def test_an_api_that_dies_anywhere_in_a_submission_makes_one_job_in_the_end(bench: Bench) -> None:
    body = json.dumps(JOB).encode()
    for number in itertools.count(1):
        died = bench.dies(victims.submit, Crash(number), body, f"key-{number}")
        bench.dies(victims.submit, None, body, f"key-{number}")
        assert len(bench.ids("true")) == number
        if not died:
            break
    assert number > 5
    bench.complete()
    assert bench.violations() == []


def test_a_worker_that_dies_anywhere_in_a_job_changes_no_bit(bench: Bench) -> None:
    for number in itertools.count(1):
        job_id = bench.submit(JOB)
        if not bench.dies(victims.train, Crash(number)):
            assert number == len(bench.points()) + 1, "it died at each of them"
            break
        bench.complete()
        assert jobs.get(bench.store, job_id).status == "succeeded"
    assert number > 15
    assert bench.violations() == []


def test_a_worker_that_dies_anywhere_while_it_hands_back_changes_no_bit(bench: Bench) -> None:
    for number in itertools.count(1):
        job_id = bench.submit(JOB)
        if not bench.dies(victims.hand_back, Crash(number)):
            assert number == len(bench.points()) + 1, "it died at each of them"
            break
        bench.complete()
        assert jobs.get(bench.store, job_id).status == "succeeded"
    assert number > 5
    bench.complete()
    assert bench.violations() == []


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
    assert bench.violations() == []


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
    assert bench.violations() == []


def test_a_migrator_that_dies_anywhere_leaves_a_database_that_the_next_one_finishes(
    tmp_path: Path, empty_database: Callable[[], str]
) -> None:
    for number in itertools.count(1):
        url, trace = empty_database(), tmp_path / f"trace {number}"
        died = victims.run(victims.migrate, url, trace, Crash(number)) != 0
        victims.run(victims.migrate, url, trace, None)
        assert sql.rows(url, "SELECT count(*) FROM jobs") == [(0,)]
        if not died:
            break
    assert number > 20


@pytest.mark.parametrize("seed", range(2))
def test_a_job_whose_workers_die_at_random_again_and_again_changes_no_bit(bench: Bench, seed: int) -> None:
    numbers = random.Random(seed)
    job_id = bench.submit({**work.short_job(epochs=10), "limits": {"max_attempts": 100}})
    deaths = sum(_dies_and_is_rescued(bench, Crash(numbers.randint(1, 20))) for _ in range(8))
    bench.complete()
    assert deaths > 4
    assert jobs.get(bench.store, job_id).status == "succeeded"
    assert bench.violations() == []


def _dies_and_is_rescued(bench: Bench, crash: Crash) -> bool:
    died = bench.dies(victims.train, crash)
    bench.take_back()
    return died
