"""Processes killed, stopped and replaced at the worst moments of a job's life."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.faults import work
from tests.faults.parts.stack import FLUSH_SECONDS, LEASE_SECONDS
from tests.faults.parts.waiting import wait_until

if TYPE_CHECKING:
    from tests.faults.parts.stack import Stack

pytestmark = pytest.mark.service

#: Seconds from a worker's death until its job trains again: the promise of the service.
RESCUE_SECONDS = LEASE_SECONDS + 5.0


def test_a_training_process_killed_in_mid_epoch_costs_one_attempt_and_no_bit(stack: Stack) -> None:
    job_id = stack.submit(work.job_of(2.0))
    stack.wait_for_epochs(job_id)
    for pid in stack.worker.children():
        os.kill(pid, signal.SIGKILL)
    stack.wait_for_attempt(job_id, 2, RESCUE_SECONDS)
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["attempt"], stack.lost_attempts(job_id)) == ("succeeded", 2, 1)


def test_a_whole_worker_killed_costs_one_attempt_and_no_bit(stack: Stack) -> None:
    job_id = stack.submit(work.job_of(2.0))
    stack.wait_for_epochs(job_id)
    stack.worker.kill()
    stack.worker.start()
    job = stack.wait_for_end(job_id)
    assert (job["status"], stack.lost_attempts(job_id)) == ("succeeded", 1)


def test_a_worker_whose_main_process_alone_is_killed_hands_its_job_back(stack: Stack) -> None:
    job_id = stack.submit(work.job_of(2.0))
    stack.wait_for_epochs(job_id)
    stack.worker.kill_main()
    assert stack.status(job_id) == "queued"
    stack.worker.start()
    job = stack.wait_for_end(job_id)
    assert (job["status"], stack.lost_attempts(job_id)) == ("succeeded", 0)


@pytest.mark.parametrize(
    ("point", "lost"),
    [
        pytest.param("claim: after commit", 1, id="after the claim, before the first flush"),
        pytest.param("finish: UPDATE", 1, id="before finish"),
        pytest.param("finish: before commit", 1, id="in the middle of finish"),
        pytest.param("finish: after commit", 0, id="after finish, before the acknowledgement"),
    ],
)
def test_a_job_survives_a_training_process_killed(stack: Stack, point: str, lost: int) -> None:
    stack.kill_at(point)
    job_id = stack.submit(work.short_job())
    stack.wait_for_kill()
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["attempt"], stack.lost_attempts(job_id)) == ("succeeded", 1 + lost, lost)


def test_a_worker_stopped_past_its_lease_writes_nothing_when_it_goes_on(stack: Stack) -> None:
    job_id = stack.submit(work.job_of(3.0))
    stack.wait_for_epochs(job_id)
    stack.freeze_worker()
    stack.add_worker("other").start()
    stack.wait_for_attempt(job_id, 2)
    stack.worker.thaw()
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["attempt"]) == ("succeeded", 2)


def test_a_worker_told_to_end_hands_its_jobs_back_at_no_cost(stack: Stack) -> None:
    ids = [stack.submit(work.job_of(3.0, seed=seed)) for seed in range(2)]
    for job_id in ids:
        stack.wait_for_epochs(job_id)
    stack.worker.stop()
    assert [stack.status(job_id) for job_id in ids] == ["queued", "queued"]
    stack.worker.start()
    assert [stack.wait_for_end(job_id)["status"] for job_id in ids] == ["succeeded", "succeeded"]
    assert [stack.lost_attempts(job_id) for job_id in ids] == [0, 0]


def test_sigterm_ends_a_worker_whose_training_hangs_in_time(stack: Stack) -> None:
    """`docker stop` kills after 10 s; nothing may be lost but the attempt that hangs."""
    job_id = stack.submit(work.job_of(2.0))
    stack.wait_for_epochs(job_id)
    for pid in stack.worker.children():
        os.kill(pid, signal.SIGSTOP)
    os.kill(stack.worker.pid, signal.SIGTERM)
    wait_until(lambda: not stack.worker.is_running, 10.0, "the worker ends", stack.worker.tail)
    stack.worker.start()
    job = stack.wait_for_end(job_id)
    assert (job["status"], stack.lost_attempts(job_id)) == ("succeeded", 1)


def test_a_worker_told_to_end_and_killed_ten_seconds_later_costs_one_attempt(stack: Stack) -> None:
    """It has more time to end than `docker stop` gives it, and its training hangs for all of it."""
    stack.worker.stop()
    patient = stack.add_worker("patient", GRADQUEUE_SHUTDOWN_SECONDS="60", GRADQUEUE_DEAD_MAN_SECONDS="60")
    patient.start()
    job_id = stack.submit(work.job_of(2.0))
    stack.wait_for_epochs(job_id)
    for pid in patient.children():
        os.kill(pid, signal.SIGSTOP)
    os.kill(patient.pid, signal.SIGTERM)
    told = time.monotonic()
    wait_until(lambda: time.monotonic() - told > 10.0, 30.0, "ten seconds pass")
    assert patient.is_running
    patient.kill()
    stack.worker.start()
    job = stack.wait_for_end(job_id)
    assert (job["status"], stack.lost_attempts(job_id)) == ("succeeded", 1)


def test_a_job_that_needs_too_much_memory_fails_alone(stack: Stack) -> None:
    # Many attempts: on a slow machine its first weights alone may take longer than these short leases.
    big = stack.submit(work.big_job(max_attempts=50), check=False)
    others = [stack.submit(work.short_job(seed)) for seed in range(3)]
    job = stack.wait_for_end(big)
    assert (job["status"], job["error"]["code"]) == ("failed", "out_of_memory")
    assert {stack.wait_for_end(job_id)["status"] for job_id in others} == {"succeeded"}


def test_a_job_that_kills_its_worker_every_time_fails_in_the_end(stack: Stack) -> None:
    deadly = stack.submit(work.short_job(seed=work.DEADLY_SEED), check=False)
    job = stack.wait_for_end(deadly)
    assert (job["status"], job["error"]["code"], job["attempt"]) == ("failed", "worker_lost", 3)


def test_a_job_that_kills_its_worker_every_time_stops_no_other(stack: Stack) -> None:
    deadly = work.short_job(seed=work.DEADLY_SEED) | {"limits": {"max_attempts": 100}}
    deadly_id = stack.submit(deadly, check=False)
    others = [stack.submit(work.short_job(seed=seed)) for seed in range(6)]
    assert {stack.wait_for_end(job_id)["status"] for job_id in others} == {"succeeded"}
    assert stack.status(deadly_id) in ("queued", "running")


@pytest.mark.parametrize(("moment", "made"), [("before commit", 0), ("after commit", 1)])
def test_a_submission_is_repeated_safely_when_the_api_was_killed(
    stack: Stack, moment: str, made: int
) -> None:
    document, key = work.short_job(), f"key-{made}"
    stack.kill_at(f"submit: {moment}")
    assert stack.client.post_job(document, key) is None
    by_key = [row.job_id for row in stack.query("SELECT * FROM idempotency_keys WHERE key = :key", key=key)]
    assert len(by_key) == made
    stack.api.discard()
    stack.api.start()
    job_id = stack.client.submit(document, key)
    assert by_key in ([], [job_id])
    assert stack.wait_for_end(job_id)["status"] == "succeeded"


def test_jobs_wait_for_a_worker_and_are_trained_when_one_comes(stack: Stack) -> None:
    stack.worker.kill()
    ids = [stack.submit(work.short_job(seed)) for seed in range(5)]
    stack.broker.ask("FLUSHALL")
    assert {stack.status(job_id) for job_id in ids} == {"queued"}
    stack.worker.start()
    assert {stack.wait_for_end(job_id)["status"] for job_id in ids} == {"succeeded"}


def test_a_worker_that_replaces_its_processes_after_each_job_loses_nothing(stack: Stack) -> None:
    stack.worker.kill()
    stack.add_worker("recycling", GRADQUEUE_WORKER_JOBS_PER_PROCESS="1").start()
    ids = [stack.submit(work.short_job(seed)) for seed in range(8)]
    assert {stack.wait_for_end(job_id)["status"] for job_id in ids} == {"succeeded"}
    assert {stack.lost_attempts(job_id) for job_id in ids} == {0}


def test_two_sweepers_take_a_lost_job_back_once(stack: Stack) -> None:
    other = stack.add_worker("other")
    other.start()
    job_id = stack.submit(work.job_of(2.0))
    stack.wait_for_epochs(job_id)
    for pid in (*stack.worker.children(), *other.children()):
        os.kill(pid, signal.SIGKILL)
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["attempt"], stack.lost_attempts(job_id)) == ("succeeded", 2, 1)


def test_a_sweeper_killed_in_the_middle_of_a_rescue_leaves_it_to_the_next(stack: Stack) -> None:
    job_id = stack.submit(work.job_of(2.0))
    stack.wait_for_epochs(job_id)
    stack.kill_at("sweep: before commit")
    for pid in stack.worker.children():
        os.kill(pid, signal.SIGKILL)
    stack.wait_for_kill()
    stack.worker.discard()
    stack.worker.start()
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["attempt"], stack.lost_attempts(job_id)) == ("succeeded", 2, 1)


def test_a_cancelled_job_frees_its_process_within_a_flush(stack: Stack) -> None:
    endless = [stack.submit(work.endless_job(), check=False) for _ in range(2)]
    for job_id in endless:
        stack.wait_for_epochs(job_id)
    following = stack.submit(work.short_job())
    stack.client.act(endless[0], "cancel")
    stack.wait_for_end(following)
    statement = (
        "SELECT f.started_at - c.finished_at FROM jobs f, jobs c WHERE f.id = :following AND c.id = :endless"
    )
    [(waited,)] = stack.query(statement, following=following, endless=endless[0])
    # One flush, one call of the trainer, one ring, and time for a machine that does other things too; without
    # the look at each flush it would be for ever.
    assert waited / 1e6 < FLUSH_SECONDS + 5.0


def test_pauses_cost_no_attempt_and_no_bit(stack: Stack) -> None:
    job_id = stack.submit(work.job_of(3.0, max_attempts=1))
    for _ in range(3):
        stack.wait_for_epochs(job_id)
        stack.client.act(job_id, "pause")
        stack.client.act(job_id, "resume")
    job = stack.wait_for_end(job_id)
    assert (job["status"], stack.lost_attempts(job_id)) == ("succeeded", 0)


def test_a_learning_rate_that_overflows_fails_the_job_and_keeps_the_finite_epochs(stack: Stack) -> None:
    job_id = stack.submit(work.diverging_job())
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["error"]["code"]) == ("failed", "diverged")
    assert stack.client.curve(job_id) == job["progress"]["epoch"] > 0
    response = stack.client.ask("GET", f"/v1/jobs/{job_id}/weights")
    assert response is not None
    assert response.ok
    assert "NaN" not in response.text
