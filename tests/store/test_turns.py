"""Writers of one process take turns in the order in which they came."""

from __future__ import annotations

import threading

import pytest

from services.errors import Unavailable
from services.store.turns import Turns


def test_turns_are_taken_in_the_order_of_arrival() -> None:
    turns, order, threads = Turns(10), [], []

    def take(number: int) -> None:
        with turns:
            order.append(number)

    with turns:
        for number in range(20):
            threads.append(threading.Thread(target=take, args=(number,)))
            threads[-1].start()
            _wait_until_waiting(turns, number + 1)
    for thread in threads:
        thread.join()

    assert order == list(range(20))


def _wait_until_waiting(turns: Turns, number: int) -> None:
    while len(turns._waiting) < number:
        threading.Event().wait(0.001)


def test_nobody_is_in_at_the_same_time() -> None:
    turns, inside, worst = Turns(10), [], []

    def take() -> None:
        for _ in range(200):
            with turns:
                inside.append(1)
                worst.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(worst) == 1600
    assert set(worst) == {1}


def test_who_waits_too_long_is_turned_away_and_delays_nobody() -> None:
    turns = Turns(0.01)

    with turns, pytest.raises(Unavailable), turns:
        pass

    with turns:
        pass


def test_a_turn_ends_with_an_error_too() -> None:
    turns = Turns(0.01)

    with pytest.raises(KeyError), turns:
        raise KeyError

    with turns:
        pass
