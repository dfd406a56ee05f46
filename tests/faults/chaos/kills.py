"""Jobs whose process was killed, and how long each had to wait until somebody went on with it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.faults.parts import tree
from tests.faults.parts.stack import LEASE_SECONDS
from tests.faults.parts.waiting import wait_until

if TYPE_CHECKING:
    from tests.faults.judge.audit import Note
    from tests.faults.parts.stack import Stack

#: Seconds from the kill of a job's process to its next stored epoch: the promise of the service.
RESCUE_SECONDS = LEASE_SECONDS + 5.0

#: Seconds to wait for a rescue that is measured. More than promised: a broken promise is to be seen as such.
_PATIENCE_SECONDS = 120.0

_OVER = ("cancelled", "paused", "failed", "succeeded")


@dataclass(frozen=True, slots=True)
class Kill:
    """An attempt and the process that trained it; `is_measured` if nothing else breaks until its rescue."""

    at_us: int
    job_id: str
    attempt: int
    pid: int
    is_measured: bool = False


def running(stack: Stack) -> list[Kill]:
    """The attempts under way that may be hit now."""
    rows = stack.query("SELECT id, attempt, worker FROM jobs WHERE status = 'running'")
    now = time.time_ns() // 1000
    return [Kill(now, row.id, row.attempt, process_of(row.worker)) for row in rows]


def process_of(worker: str) -> int:
    """The number of a process, with which its name in the store ends."""
    return int(worker.rpartition(":")[2])


def hit(attempts: Sequence[Kill], is_measured: bool) -> list[Kill]:
    """Those attempts whose process is gone."""
    return [replace(kill, is_measured=is_measured) for kill in attempts if not tree.exists(kill.pid)]


def wait_until_all_is_well(stack: Stack) -> None:
    """Wait until every service is there and some job is being trained."""

    def is_well() -> bool:
        stack.supervise()
        return stack.all_answer() and bool(running(stack))

    wait_until(is_well, _PATIENCE_SECONDS, "everything is well", stack.tails)


def wait_for_rescue(stack: Stack, killed: Sequence[Kill]) -> None:
    """Wait until somebody went on with every job, or nobody has to."""

    def are_rescued() -> bool:
        stack.supervise()
        return all(map(is_rescued, killed))

    def is_rescued(kill: Kill) -> bool:
        # Of a curve that was complete already the next attempt stores nothing: it only ends the job.
        goes_on = (
            "SELECT 1 FROM audit WHERE job_id = :id AND at_us > :at AND what = 'chunk' AND attempt > :attempt"
        )
        is_over = (
            "SELECT 1 FROM jobs WHERE id = :id AND status IN ('cancelled', 'paused', 'failed', 'succeeded')"
        )
        return bool(
            stack.query(is_over, id=kill.job_id)
            or stack.query(goes_on, id=kill.job_id, at=kill.at_us, attempt=kill.attempt)
        )

    def who_waits() -> str:
        rows = [
            (
                kill,
                stack.query("SELECT status, attempt, epoch, worker FROM jobs WHERE id = :id", id=kill.job_id),
            )
            for kill in killed
            if not is_rescued(kill)
        ]
        return "\n".join([*map(str, rows), stack.tails()])

    wait_until(are_rescued, _PATIENCE_SECONDS, "every job goes on", who_waits)


def rescue_seconds(notes: Sequence[Note], kill: Kill) -> float | None:
    """Return how long after the kill the job's next epoch was stored.

    None if there was nothing to rescue: the attempt had just ended, or a client cancelled or paused the job.
    """
    for note in notes:
        if note.job_id != kill.job_id or note.at_us <= kill.at_us:
            continue
        if note.status in _OVER and note.attempt <= kill.attempt:
            return None
        if note.what == "chunk" and note.attempt > kill.attempt:
            return (note.at_us - kill.at_us) / 1e6
    return None
