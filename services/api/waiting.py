"""Waiting until a job is as the client wants to see it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from services import jobs
from services.api.presence import is_client_gone
from services.api.service import service

if TYPE_CHECKING:
    from services.store.rows import JobRow


def wait_until(is_enough: Callable[[JobRow], bool], job: JobRow, seconds: float) -> JobRow:
    """Return the job as soon as it is enough, or as it is after `seconds` or when client or service is gone.

    Nothing is held meanwhile but this thread: no transaction, no connection.
    """
    until, is_gone = time.monotonic() + seconds, is_client_gone()
    while not is_enough(job) and (left := until - time.monotonic()) > 0 and not service().is_stopping():
        service().watcher.wait(job.id, job.version, left, is_gone)
        if is_gone():
            break
        job = jobs.get(service().store, job.id, job.owner)
    return job
