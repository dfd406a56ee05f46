"""The broker killed, frozen, flushed, filled up and fed with rubbish: it is only a doorbell."""

from __future__ import annotations

import base64
import json
import pickle
import time

import pytest

from services import broker as doorbell
from services.doorbell import Ringer
from services.settings import Settings
from tests.faults import work
from tests.faults.parts.stack import LEASE_SECONDS, Stack
from tests.faults.parts.waiting import wait_until

pytestmark = pytest.mark.service

#: Where Celery keeps the messages, in a Redis of ours.
QUEUE = doorbell.KEY_PREFIX + doorbell.QUEUE

#: Seconds within which a job must be accepted while the broker is dead, frozen or full.
POST_SECONDS = 2.0


def submit_in_time(stack: Stack) -> list[str]:
    """Submit a few jobs. What waited for the broker would delay each; a busy machine delays some."""
    ids, seconds = [], []
    for seed in range(3):
        began = time.monotonic()
        ids.append(stack.submit(work.short_job(seed)))
        seconds.append(time.monotonic() - began)
    assert min(seconds) < POST_SECONDS
    return ids


def test_a_broker_killed_and_back_empty_loses_no_job(stack: Stack) -> None:
    running = stack.submit(work.job_of(2.0))
    stack.wait_for_epochs(running)
    stack.broker.kill()
    waiting = submit_in_time(stack)
    stack.broker.start()
    for job_id in (running, *waiting):
        job = stack.wait_for_end(job_id)
        assert (job["status"], job["attempt"]) == ("succeeded", 1)


def test_a_frozen_broker_stops_neither_submissions_nor_training(stack: Stack, long_seconds: float) -> None:
    """75 s in a long campaign; in the suite longer than every time-out of ours."""
    running = stack.submit(work.job_of(2.0))
    stack.wait_for_epochs(running)
    stack.broker.freeze()
    frozen = time.monotonic()
    waiting = submit_in_time(stack)
    assert stack.wait_for_end(running)["status"] == "succeeded"
    wait_until(lambda: time.monotonic() - frozen > long_seconds, 100.0, "the broker was frozen for long")
    waiting += submit_in_time(stack)
    stack.broker.thaw()
    for job_id in waiting:
        assert stack.wait_for_end(job_id)["status"] == "succeeded"


def test_a_broker_that_is_not_there_at_boot_is_waited_for(stack: Stack) -> None:
    for part in (stack.api, stack.worker, stack.broker):
        part.kill()
    stack.api.start()
    stack.worker.start(wait=False)
    ids = submit_in_time(stack)
    response = stack.client.ask("GET", "/readyz")
    assert response is not None
    assert response.status_code == 503
    stack.broker.start()
    assert {stack.wait_for_end(job_id)["status"] for job_id in ids} == {"succeeded"}


def test_a_broker_killed_again_and_again_while_jobs_end_leaves_no_deaf_worker(stack: Stack) -> None:
    ids = []
    for round_ in range(4):
        ids += [stack.submit(work.job_of(0.2, seed=seed)) for seed in range(4)]
        wait_until(lambda: stack.ids("status = 'running'"), 30.0, "a job runs", stack.tails)
        for _ in range(1 + round_ % 3):
            stack.broker.kill()
            stack.broker.start()
    assert {stack.wait_for_end(job_id)["status"] for job_id in ids} == {"succeeded"}


def test_every_message_doubled_ten_times_trains_no_job_twice(stack: Stack) -> None:
    ids = [stack.submit(work.job_of(0.3, seed=seed)) for seed in range(4)]
    ringer = Ringer(Settings(broker_url=stack.broker.url()))
    assert ringer.ring(ids * 10) == 40
    ringer.close()
    jobs = [stack.wait_for_end(job_id) for job_id in ids]
    assert {(job["status"], job["attempt"]) for job in jobs} == {("succeeded", 1)}


def _message(task: str, body: bytes, kind: str = "application/json", encoding: str = "utf-8") -> bytes:
    """Return a message as kombu puts it into Redis."""
    delivery = {"exchange": "", "routing_key": doorbell.QUEUE}
    properties = {"correlation_id": "1", "delivery_mode": 2, "delivery_tag": "1", "delivery_info": delivery}
    message = {
        "body": base64.b64encode(body).decode(),
        "content-encoding": encoding,
        "content-type": kind,
        "headers": {"lang": "py", "task": task, "id": "1", "argsrepr": "()", "kwargsrepr": "{}"},
        "properties": {**properties, "body_encoding": "base64", "priority": 0},
    }
    return json.dumps(message).encode()


FOREIGN = {
    "not JSON": b"\x80\x04\x95 rubbish",
    "JSON of another kind": b"[1, 2, 3]",
    "no envelope": b"{}",
    "half an envelope": b'{"body": "W10=", "properties": {}}',
    "another task": _message("somebody.elses", b"[[], {}, {}]"),
    "a pickle": _message(doorbell.TASK, pickle.dumps(()), "application/x-python-serialize", "binary"),
    "arguments of another kind": _message(doorbell.TASK, b"[[1, 2, 3], {}, {}]"),
    "a job that does not exist": _message(doorbell.TASK, b'[["job_0"], {}, {}]'),
}


@pytest.mark.parametrize("message", FOREIGN)
def test_a_foreign_message_stops_nobody(stack: Stack, message: str) -> None:
    """Celery lets one that is not even an envelope end the worker, which is started again then."""
    for _ in range(3):
        stack.broker.ask("LPUSH", QUEUE, FOREIGN[message])
    job_id = stack.submit(work.short_job())

    def is_done() -> bool:
        stack.supervise()
        return bool(stack.client.job(job_id)["is_terminal"])

    wait_until(is_done, 60.0, "the job is done", stack.tails)
    assert stack.status(job_id) == "succeeded"


def test_a_broker_out_of_memory_only_delays(stack: Stack) -> None:
    stack.broker.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
    stack.broker.ask("CONFIG", "SET", "maxmemory", "1")
    try:
        ids = submit_in_time(stack)
    finally:
        stack.broker.ask("CONFIG", "SET", "maxmemory", "0")
    assert {stack.wait_for_end(job_id)["status"] for job_id in ids} == {"succeeded"}


def test_a_flushed_broker_loses_no_job(stack: Stack) -> None:
    stack.freeze_worker()
    ids = [stack.submit(work.short_job(seed)) for seed in range(5)]
    stack.broker.ask("FLUSHALL")
    stack.worker.thaw()
    assert {stack.wait_for_end(job_id)["status"] for job_id in ids} == {"succeeded"}


def test_the_broker_keeps_nothing_once_the_jobs_are_done(stack: Stack) -> None:
    ids = [stack.submit(work.short_job(seed)) for seed in range(20)]
    for job_id in ids:
        stack.wait_for_end(job_id)
    wait_until(
        lambda: (
            not (stack.broker.ask("LLEN", QUEUE) or stack.broker.ask("HLEN", doorbell.KEY_PREFIX + "unacked"))
        ),
        LEASE_SECONDS + 10.0,
        "all messages are gone",
    )
