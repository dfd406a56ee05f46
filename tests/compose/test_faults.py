"""Containers killed, restarted, stopped and removed while jobs train: nothing is lost, and no bit changes."""

from __future__ import annotations

import pytest

from tests.compose import docker
from tests.compose.stack import PATIENCE, Stack
from tests.faults import work
from tests.support.waiting import until

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]


def test_two_workers_share_the_jobs(stack: Stack) -> None:
    stack.up(workers=2)
    until(lambda: stack.workers_alive() == 2, "two workers that say they are alive", PATIENCE)
    documents = [work.job_of(1.5, seed=seed) for seed in range(4)]
    ids = [stack.submit(document) for document in documents]
    for job_id, document in zip(ids, documents, strict=True):
        stack.must_end_undisturbed(job_id, document)
    claimed = {claim["worker"] for claim in stack.events("worker", "job claimed") if claim["job"] in ids}
    assert len(claimed) == 2


def test_a_worker_container_killed_in_mid_job_costs_one_attempt_and_no_bit(stack: Stack) -> None:
    stack.up(workers=2)
    document = work.job_of(4.0)
    job_id = stack.submit(document)
    stack.wait_for_epochs(job_id)
    docker.docker("kill", claimer(stack, job_id))
    job = stack.must_end_undisturbed(job_id, document)
    assert job["attempt"] == 2


def test_a_worker_container_whose_processes_die_is_started_again(stack: Stack) -> None:
    """All at once, by SIGKILL, and nobody but the restart policy helps."""
    document = work.job_of(4.0)
    job_id = stack.submit(document)
    stack.wait_for_epochs(job_id)
    (container,) = stack.containers("worker")
    docker.run("docker", "exec", container, "sh", "-c", "kill -9 -1")
    until(lambda: docker.inspect(container)["RestartCount"] > 0, "a restart by Docker", PATIENCE)
    assert stack.must_end_undisturbed(job_id, document)["attempt"] == 2


def test_a_broker_killed_and_back_empty_loses_no_job(stack: Stack) -> None:
    """More jobs than processes, so that rings wait in it when it dies."""
    documents = [work.job_of(1.0, seed=seed) for seed in range(6)]
    ids = [stack.submit(document) for document in documents]
    stack.wait_for_epochs(ids[0])
    stack.compose("kill", "broker")
    stack.compose("start", "broker")
    for job_id, document in zip(ids, documents, strict=True):
        stack.must_end_undisturbed(job_id, document)


def test_a_database_restarted_in_mid_job_costs_no_attempt(stack: Stack) -> None:
    document = work.job_of(4.0, max_attempts=1)
    job_id = stack.submit(document)
    stack.wait_for_epochs(job_id)
    stack.compose("restart", "db")
    stack.must_end_undisturbed(job_id, document)


def test_a_stack_stopped_in_mid_job_goes_on_from_its_last_flush_and_counts_no_attempt_as_lost(
    stack: Stack,
) -> None:
    """With one attempt allowed, the job would fail if the stop had cost one."""
    document = work.job_of(6.0, max_attempts=1)
    job_id = stack.submit(document)
    before = stack.wait_for_epochs(job_id, more=10)
    stack.compose("stop")
    assert stack.containers("api") == []
    stack.compose("start")
    until(stack.is_ready, "a stack that is ready", PATIENCE)
    job = stack.must_end_undisturbed(job_id, document)
    assert job["attempt"] == 2
    first, second = (claim for claim in stack.events("worker", "job claimed") if claim["job"] == job_id)
    assert (first["epoch"], second["attempt"]) == (0, 2)
    assert second["epoch"] >= before
    assert second["epoch"] < document["training"]["epochs"], "or there was nothing left to go on with"


def test_a_stack_removed_and_started_again_on_its_volumes_still_has_everything(stack: Stack) -> None:
    """The API key too. A job that waited trains; what is done reads as before."""
    done = stack.client.wait(stack.submit(work.short_job(seed=7)), timeout_seconds=PATIENCE)
    weights, curve = stack.client.weights(done["id"]), stack.client.loss_curve(done["id"])
    stack.compose("stop", "worker")
    waiting = stack.submit(work.short_job(seed=8))
    everything = {job["id"] for job in stack.client.jobs()}

    stack.compose("down")
    stack.heal()

    assert {job["id"] for job in stack.client.jobs()} == everything
    assert stack.client.job(done["id"]) == done
    assert stack.client.weights(done["id"]) == weights
    assert stack.client.loss_curve(done["id"]) == curve
    stack.must_end_undisturbed(waiting, work.short_job(seed=8))


def claimer(stack: Stack, job_id: str) -> str:
    """Return the container whose worker claimed the job last; a worker's name begins with its host's."""
    claims = [claim for claim in stack.events("worker", "job claimed") if claim["job"] == job_id]
    return str(claims[-1]["worker"]).partition(":")[0]
