"""Processes killed, stopped and replaced at the worst moments of a job's life."""

from __future__ import annotations

import os
import signal

import pytest

from tests.faults import work
from tests.faults.parts.stack import FLUSH_SECONDS, LEASE_SECONDS, Stack
from tests.faults.parts.waiting import wait_until

pytestmark = pytest.mark.service

#: Seconds from a worker's death until its job trains again: the promise of the service.
RESCUE_SECONDS = LEASE_SECONDS + 5.0


def test_a_training_process_killed_in_mid_epoch_costs_one_attempt_and_no_bit(stack: Stack) -> None:
    job_id = stack.submit(work.job_of(1.5))
    stack.wait_for_epochs(job_id)
    for pid in stack.worker.children():
        os.kill(pid, signal.SIGKILL)
    stack.wait_for_attempt(job_id, 2, RESCUE_SECONDS)
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["attempt"]) == ("succeeded", 2)
    assert stack.lost_attempts(job_id) == 1


def test_a_whole_worker_killed_costs_one_attempt_and_no_bit(stack: Stack) -> None:
    job_id = stack.submit(work.job_of(1.5))
    stack.wait_for_epochs(job_id)
    stack.worker.kill()
    stack.worker.start()
    job = stack.wait_for_end(job_id)
    assert (job["status"], stack.lost_attempts(job_id)) == ("succeeded", 1)


def test_a_worker_whose_main_process_alone_is_killed_hands_its_job_back(stack: Stack) -> None:
    job_id = stack.submit(work.job_of(1.5))
    stack.wait_for_epochs(job_id)
    stack.worker.kill_main()
    assert stack.lost_attempts(job_id) == 0
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
def test_a_job_survives_a_worker_killed(stack: Stack, point: str, lost: int) -> None:
    stack.worker.stop()
    doomed = stack.add_worker("doomed", "--crash-at", point, "--trace", str(stack.folder / f"trace {point}"))
    doomed.start()
    job_id = stack.submit(work.job_of(0.5))
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["attempt"], stack.lost_attempts(job_id)) == ("succeeded", 1 + lost, lost)


def test_a_worker_stopped_past_its_lease_writes_nothing_when_it_goes_on(stack: Stack) -> None:
    job_id = stack.submit(work.job_of(2.0))
    stack.wait_for_epochs(job_id)
    stack.worker.freeze()
    other = stack.add_worker("other")
    other.start()
    stack.wait_for_attempt(job_id, 2, RESCUE_SECONDS)
    stack.worker.thaw()
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["attempt"]) == ("succeeded", 2)


def test_a_worker_told_to_end_hands_its_jobs_back_at_no_cost(stack: Stack) -> None:
    ids = [stack.submit(work.job_of(1.5, seed=seed)) for seed in range(2)]
    for job_id in ids:
        stack.wait_for_epochs(job_id)
    stack.worker.stop()
    assert [stack.status(job_id) for job_id in ids] == ["queued", "queued"]
    stack.worker.start()
    assert [stack.wait_for_end(job_id)["status"] for job_id in ids] == ["succeeded", "succeeded"]
    assert [stack.lost_attempts(job_id) for job_id in ids] == [0, 0]


def test_sigterm_to_a_worker_whose_training_hangs_ends_it_in_time(stack: Stack) -> None:
    """What `docker stop` does, with children that cannot react: then its SIGKILL is not needed."""
    job_id = stack.submit(work.job_of(1.5))
    stack.wait_for_epochs(job_id)
    for pid in stack.worker.children():
        os.kill(pid, signal.SIGSTOP)
    os.kill(stack.worker.pid, signal.SIGTERM)
    wait_until(lambda: not stack.worker.is_running, 10.0, "the worker ends", stack.worker.tail)
    stack.worker.start()
    job = stack.wait_for_end(job_id)
    assert (job["status"], stack.lost_attempts(job_id)) == ("succeeded", 1)


def test_a_job_that_needs_too_much_memory_fails_alone(stack: Stack) -> None:
    stack.worker.stop()
    small = stack.add_worker("small", GRADQUEUE_WORKER_MEMORY_BYTES=str(400 * 2**20))
    small.start()
    big = stack.submit(work.big_job(), check=False)
    others = [stack.submit(work.job_of(0.3, seed=seed)) for seed in range(3)]
    job = stack.wait_for_end(big)
    assert (job["status"], job["error"]["code"]) == ("failed", "out_of_memory")
    assert {stack.wait_for_end(job_id)["status"] for job_id in others} == {"succeeded"}


def test_a_job_that_kills_its_worker_every_time_fails_and_delays_no_other(stack: Stack) -> None:
    stack.worker.stop()
    worker = stack.add_worker("worker with a bug", "--deadly-seed", "666", GRADQUEUE_WORKERS="2")
    worker.start()
    deadly = stack.submit(work.job_of(0.3, seed=666, max_attempts=3), check=False)
    others = [stack.submit(work.job_of(0.3, seed=seed)) for seed in range(6)]
    assert {stack.wait_for_end(job_id)["status"] for job_id in others} == {"succeeded"}
    assert stack.status(deadly) in ("queued", "running"), "the others had to wait for the deadly job's end"
    job = stack.wait_for_end(deadly)
    assert (job["status"], job["error"]["code"], job["attempt"]) == ("failed", "worker_lost", 3)


@pytest.mark.parametrize("moment", ["before commit", "after commit"])
def test_a_submission_is_repeated_safely_when_the_api_was_killed(stack: Stack, moment: str) -> None:
    trace = stack.folder / f"trace submit {moment}"
    api = stack.add_api("doomed api", "--crash-at", f"submit: {moment}", "--trace", str(trace))
    api.start()
    document, key = work.short_job(), f"key-{moment.replace(' ', '-')}"
    assert stack.client_of(api).post_job(document, key) is None
    wait_until(lambda: not api.is_running, 10.0, "the API is dead")
    made = stack.query(f"SELECT job_id FROM idempotency_keys WHERE key = '{key}'")
    assert len(made) == (1 if moment == "after commit" else 0)
    job_id = stack.client.submit(document, key)
    assert [row[0] for row in made] in ([], [job_id])
    assert stack.wait_for_end(job_id)["status"] == "succeeded"


def test_jobs_wait_for_a_worker_and_are_trained_when_one_comes(stack: Stack) -> None:
    stack.worker.stop()
    ids = [stack.submit(work.short_job(seed)) for seed in range(5)]
    stack.broker.ask("FLUSHALL")
    assert {stack.status(job_id) for job_id in ids} == {"queued"}
    stack.worker.start()
    assert {stack.wait_for_end(job_id)["status"] for job_id in ids} == {"succeeded"}


def test_a_worker_that_replaces_its_processes_after_each_job_loses_nothing(stack: Stack) -> None:
    stack.worker.stop()
    worker = stack.add_worker("recycling", GRADQUEUE_WORKER_JOBS_PER_PROCESS="1")
    worker.start()
    ids = [stack.submit(work.short_job(seed)) for seed in range(8)]
    assert {stack.wait_for_end(job_id)["status"] for job_id in ids} == {"succeeded"}
    assert {stack.lost_attempts(job_id) for job_id in ids} == {0}


def test_two_sweepers_take_a_lost_job_back_once(stack: Stack) -> None:
    others = [stack.add_worker(f"sweeper {number}", GRADQUEUE_WORKERS="1") for number in range(2)]
    job_id = stack.submit(work.job_of(1.5))
    stack.wait_for_epochs(job_id)
    for other in others:
        other.start()
    for pid in stack.worker.children():
        os.kill(pid, signal.SIGKILL)
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["attempt"], stack.lost_attempts(job_id)) == ("succeeded", 2, 1)


def test_a_cancelled_job_frees_its_worker_within_a_flush(stack: Stack) -> None:
    stack.worker.stop()
    single = stack.add_worker("single", GRADQUEUE_WORKERS="1")
    single.start()
    endless = stack.submit(work.endless_job(), check=False)
    stack.wait_for_epochs(endless)
    following = stack.submit(work.short_job())
    stack.client.act(endless, "cancel")
    stack.wait_for_end(following)
    [(waited,)] = stack.query(
        "SELECT f.started_at - c.finished_at FROM jobs f, jobs c"
        f" WHERE f.id = '{following}' AND c.id = '{endless}'"
    )
    # One flush, one call of the trainer, and time for a machine that does other things too.
    assert waited / 1e6 < FLUSH_SECONDS + 1.0


def test_pauses_cost_no_attempt_and_no_bit(stack: Stack) -> None:
    job_id = stack.submit(work.job_of(1.5, max_attempts=1))
    for _ in range(3):
        stack.wait_for_epochs(job_id)
        stack.client.act(job_id, "pause")
        stack.client.act(job_id, "resume")
    job = stack.wait_for_end(job_id)
    assert (job["status"], stack.lost_attempts(job_id)) == ("succeeded", 0)


def test_a_learning_rate_that_overflows_fails_the_job_and_keeps_the_finite_epochs(stack: Stack) -> None:
    job_id = stack.submit(work.diverging_job(), check=False)
    job = stack.wait_for_end(job_id)
    assert (job["status"], job["error"]["code"]) == ("failed", "diverged")
    curve = stack.client.curve(job_id)
    assert len(curve.metrics["train_loss"]) == 8 * job["progress"]["epoch"]
    response = stack.client.ask("GET", f"/v1/jobs/{job_id}/weights")
    assert response is not None
    assert response.ok
    assert "NaN" not in response.text
