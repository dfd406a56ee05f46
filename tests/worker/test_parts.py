"""The small parts of a worker."""

from __future__ import annotations

import os

import pytest

from services.worker.dead_man import SWEEPS_IN_A_ROW, DeadMan
from services.worker.pace import CALL_SECONDS, FIRST_WORK, LARGEST_GROWTH, Pace
from services.worker.signs import Signs


@pytest.mark.parametrize("per_second", [1e3, 1e6, 1e10])
def test_calls_soon_last_as_long_as_they_should(per_second: float) -> None:
    pace = Pace()
    for _ in range(10):
        seconds = pace.work / per_second
        pace.took(seconds)
    assert CALL_SECONDS * 0.9 < pace.work / per_second < CALL_SECONDS * 1.1


def test_one_lucky_call_does_not_make_the_next_one_endless() -> None:
    pace = Pace()
    pace.took(0.0)
    assert pace.work == FIRST_WORK * LARGEST_GROWTH


def test_a_call_too_slow_for_its_work_is_given_some_all_the_same() -> None:
    pace = Pace()
    pace.took(1e9)
    assert pace.work == 1


def test_signs_pass_between_a_process_and_its_child_both_ways() -> None:
    signs = Signs()
    assert not signs.stopping
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(told, 1)
        os._exit(0 if signs.stopping and signs.quiet_seconds() < 1e6 else 1)
    signs.stop()
    os.write(tell, b"!")
    assert os.waitpid(child, 0)[1] == 0
    os.close(told)
    os.close(tell)


def test_a_child_that_stirs_is_seen_by_the_main_process() -> None:
    signs = Signs()
    signs._doubles[1] = -1e9
    if (child := os.fork()) == 0:
        signs.stir()
        os._exit(0)
    os.waitpid(child, 0)
    assert signs.quiet_seconds() < 60


DEAD = {"waited": 30.0, "quiet": 30.0, "broker_answers": True}


def test_a_worker_that_does_not_answer_is_dead() -> None:
    dead_man = DeadMan(20.0)
    assert [dead_man.is_dead(**DEAD) for _ in range(SWEEPS_IN_A_ROW)] == [False, False, True]


@pytest.mark.parametrize(
    "sign_of_life", [{"waited": None}, {"waited": 19.0}, {"quiet": 19.0}, {"broker_answers": False}]
)
def test_a_worker_is_not_dead_that_has_a_reason_to_be_quiet(sign_of_life: dict[str, float | None]) -> None:
    dead_man = DeadMan(20.0)
    assert not any(dead_man.is_dead(**DEAD | sign_of_life) for _ in range(100))  # type: ignore[arg-type]


def test_after_everything_stood_still_a_worker_has_time_to_answer() -> None:
    dead_man = DeadMan(20.0)
    for _ in range(100):
        assert not any(dead_man.is_dead(**DEAD) for _ in range(SWEEPS_IN_A_ROW - 1))
        assert not dead_man.is_dead(**DEAD | {"quiet": 0.0})
