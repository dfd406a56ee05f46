"""When a lease that ran out tells of a lost worker, and when of an outage."""

from __future__ import annotations

import pytest

from services.worker.vigil import Vigil


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def watched(vigil: Vigil, clock: Clock, seconds: int) -> bool:
    """Look once a second; return what the last look says."""
    for _ in range(seconds):
        clock.now += 1.0
        vigil.look()
    return vigil.look()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vigil(clock: Clock) -> Vigil:
    """Of a sweeper that has watched for long enough."""
    vigil = Vigil(8.0, gap_seconds=5.0, clock=clock)
    assert watched(vigil, clock, 20)
    return vigil


def test_a_new_sweeper_watches_before_it_judges(clock: Clock) -> None:
    vigil = Vigil(8.0, gap_seconds=5.0, clock=clock)
    assert not vigil.look()
    assert not watched(vigil, clock, 7)
    assert watched(vigil, clock, 1)


def test_a_sweeper_that_could_not_reach_the_store_watches_anew(vigil: Vigil, clock: Clock) -> None:
    vigil.interrupt()
    assert not watched(vigil, clock, 7)
    assert watched(vigil, clock, 2)


@pytest.mark.parametrize("gap", [60.0, 5.1, -60.0])
def test_a_sweeper_that_stood_still_watches_anew(vigil: Vigil, clock: Clock, gap: float) -> None:
    clock.now += gap
    assert not vigil.look()
    assert watched(vigil, clock, 8)


def test_a_sweep_that_is_a_little_late_counts(vigil: Vigil, clock: Clock) -> None:
    clock.now += 4.0
    assert vigil.look()
