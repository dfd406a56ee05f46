"""Several trainings in one process: none disturbs another, and other threads go on while a kernel runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from nn import trainers
from nn.spec import Adam
from tests.compiled.trainings import Training, finish, generated, run, trainings
from tests.compiled.wide import wide

#: The least share of the other thread's time that ours gets on a core that they have to share.
SHARE = 0.1


@generated(30)
@given(trainings(), trainings(), st.integers(1, 20_000), st.integers(1, 20_000))
def test_two_trainings_at_once_end_with_the_bits_of_each_alone(
    one: Training, other: Training, work: int, other_work: int
) -> None:
    start = threading.Barrier(2, timeout=60.0)

    def in_a_thread(training: Training, work: int) -> object:
        trainer = training.start("compiled")
        start.wait()
        return finish(trainer, [], work)

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(in_a_thread, (one, other), (work, other_work)))

    assert outcomes == [run(one, "reference"), run(other, "reference")]


def test_other_threads_go_on_while_a_kernel_runs() -> None:
    """The worker's time-outs, and everything else in the process, would otherwise wait for the call's end."""
    training = wide(samples=2000, epochs=10**6, optimizer=Adam())
    trainer = trainers.start(training.spec, training.prepared)
    trainer.advance(1)
    spent: list[float] = []

    def call() -> None:
        began = time.thread_time()
        trainer.advance(10_000_000_000)
        spent.append(time.thread_time() - began)

    thread = threading.Thread(target=call)
    began = time.thread_time()
    thread.start()
    _count_until(lambda: bool(spent))
    thread.join()

    assert spent[0] > 0.05
    assert time.thread_time() - began > SHARE * spent[0]


def _count_until(condition: Callable[[], bool]) -> int:
    """Keep the interpreter busy."""
    count = 0
    while not condition():
        count += 1
    return count
