"""Waiting for a job to change without holding anything: short reads with growing pauses."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from services import jobs
from services.api.service import service

if TYPE_CHECKING:
    from services.store.rows import JobRow

#: Seconds of the first pause: a small job is done in a few milliseconds.
FIRST_PAUSE = 0.002
#: Seconds of the longest pause: what a change may be noticed late, and what limits the reads per second.
LONGEST_PAUSE = 0.1
#: Each pause is this much longer than the one before.
GROWTH = 1.5


def wait_until(is_enough: Callable[[JobRow], bool], job: JobRow, seconds: float) -> JobRow:
    """Return the job as soon as it is enough, or as it is after `seconds`. No transaction stays open."""
    until, pause = time.monotonic() + seconds, FIRST_PAUSE
    while not is_enough(job) and (left := until - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * GROWTH, LONGEST_PAUSE)
        job = jobs.get(service().store, job.id)
    return job
