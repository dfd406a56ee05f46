"""What the processes of a worker count, together."""

from __future__ import annotations

import os

from services.worker.tally import Tallies, Tally
from services.workers import FLUSH_SECONDS


def in_another_process(tallies: Tallies, index: int) -> None:
    """Count something in a child, which then ends without any farewell."""
    pid = os.fork()
    if pid == 0:
        tally = tallies.of(index)
        tally.claimed()
        tally.trained(100)
        tally.flushed(0.001)
        os._exit(0)
    os.waitpid(pid, 0)


def test_what_several_processes_count_is_added_up_and_outlives_them() -> None:
    tallies = Tallies(2)
    for index in (0, 1, 1):  # the third took the place of the second
        in_another_process(tallies, index)

    counted = tallies.counted()
    assert (counted["claims"], counted["epochs"], sum(counted["flushes"])) == (3, 300, 3)


def test_flushes_are_sorted_by_how_long_they_took() -> None:
    tallies = Tallies(1)
    tally = tallies.of(0)
    for seconds in (0.0, FLUSH_SECONDS[0], FLUSH_SECONDS[0] + 1e-9, 1000.0):
        tally.flushed(seconds)
    assert tallies.counted()["flushes"] == [2, 1, *[0] * (len(FLUSH_SECONDS) - 2), 1]


def test_a_process_beyond_the_pool_s_size_does_no_harm() -> None:
    tallies = Tallies(2)
    tallies.of(7).claimed()
    assert tallies.counted()["claims"] == 1


def test_an_attempt_without_a_worker_counts_where_nobody_looks() -> None:
    Tally().trained(5)
