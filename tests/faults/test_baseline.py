"""Once faults are over, nothing that they cost is still taken: memory, threads, files, connections."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.faults import work
from tests.faults.parts import usage
from tests.faults.parts.waiting import wait_until

if TYPE_CHECKING:
    from tests.faults.parts.stack import Stack
    from tests.faults.parts.usage import Usage

pytestmark = pytest.mark.service

#: Rounds of faults. What leaks a thread, a connection or a file does it in each.
ROUNDS = 4
#: Threads or files that may be there now and not before: one that a library keeps for the next time.
SPARE = 4
#: Megabytes by which all processes together may have grown.
GROWTH = 60.0


@dataclass(frozen=True)
class Taken:
    """What is in use at one moment, by processes that live as long as the service."""

    api: Usage
    worker: Usage
    #: Of all processes, training ones too.
    megabytes: float
    connections: int
    messages: int

    def is_within(self, baseline: Taken) -> bool:
        """Whether nothing is left of what came after `baseline`."""
        return (
            _is_within(self.api, baseline.api)
            and _is_within(self.worker, baseline.worker)
            and self.megabytes <= baseline.megabytes + GROWTH
            and self.connections <= baseline.connections + SPARE
            and self.messages <= baseline.messages
        )


def _is_within(now: Usage, before: Usage) -> bool:
    return now.threads <= before.threads + SPARE and now.files <= before.files + SPARE


def test_after_faults_the_service_takes_no_more_than_before(stack: Stack) -> None:
    suffer(stack)  # what is made at the first use, or in a process that took another's place, is there now
    have_trained(stack)
    baseline = taken(stack)
    for _ in range(ROUNDS):
        suffer(stack)
    have_trained(stack)
    wait_until(
        lambda: taken(stack).is_within(baseline),
        60.0,
        "everything is given back",
        lambda: f"{baseline}\n{taken(stack)}",
    )


def suffer(stack: Stack) -> None:
    """Break everything that may leave something behind, while jobs are trained."""
    ids = [stack.submit(work.job_of(0.5, seed=seed)) for seed in range(2)]
    for pid in stack.worker.children():
        os.kill(pid, signal.SIGKILL)
    stack.broker.kill()
    stack.broker.start()
    if stack.database and stack.network:
        stack.network.cut()
        stack.database.kill()
        stack.database.start()
    stack.broker.ask("FLUSHALL")
    for job_id in ids:
        stack.wait_for_end(job_id)


def have_trained(stack: Stack) -> None:
    """Have every thread and process do something."""
    ids = [stack.submit(work.short_job(seed)) for seed in range(12)]
    for job_id in ids:
        stack.wait_for_end(job_id)


def taken(stack: Stack) -> Taken:
    return Taken(
        api=usage.of(*stack.api.processes()),
        worker=usage.of(stack.worker.pid),
        megabytes=usage.of(*stack.api.processes(), *stack.worker.processes()).megabytes,
        connections=len(stack.query("SELECT 1 FROM pg_stat_activity")) if stack.database else 0,
        messages=waiting(stack),
    )


def waiting(stack: Stack) -> int:
    """Return how many rings wait, and how much else is in the broker but the bindings of its queues.

    After a broker came back empty those are written again at different times.
    """
    keys = [key for key in stack.broker.ask("KEYS", "*") if b"_kombu.binding" not in key]
    lists = [key for key in keys if stack.broker.ask("TYPE", key.decode()) == b"list"]
    return len(keys) - len(lists) + sum(int(stack.broker.ask("LLEN", key.decode())) for key in lists)


def test_deleted_jobs_leave_nothing_in_the_database(stack: Stack) -> None:
    ids = [stack.submit(work.short_job(seed)) for seed in range(4)]
    running = stack.submit(work.job_of(2.0))
    stack.wait_for_epochs(running)
    stack.client.act(running, "cancel")
    for job_id in ids:
        stack.wait_for_end(job_id)
    for job_id in (*ids, running):
        stack.client.delete(job_id)
    for table in ("loss_chunks", "checkpoints", "idempotency_keys"):
        gone = f"SELECT 1 FROM {table} WHERE job_id NOT IN (SELECT id FROM jobs)"
        assert stack.query(gone) == []
    used = "SELECT 1 FROM jobs WHERE datasets.id IN (dataset_id, validation_dataset_id)"
    assert stack.query(f"SELECT 1 FROM datasets WHERE inline AND NOT EXISTS ({used})") == []
