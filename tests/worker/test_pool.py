"""The pool of processes gives back what it watched them with."""

from __future__ import annotations

import os
from contextlib import closing
from types import SimpleNamespace

import pytest
from kombu.asynchronous import Hub

from services.worker.pool import Processes, TaskPool


def test_a_process_that_died_while_the_broker_was_lost_is_no_longer_watched() -> None:
    watched, other_end = os.pipe()
    with closing(Hub()) as hub:
        pool = Processes.__new__(Processes)  # without a process
        pool.__dict__.update(_hub=hub, _active_writers=set(), _queues={})
        hub.add_reader(watched, lambda: None)
        hub.reset()  # what Celery does when it connects again
        job = SimpleNamespace(_accepted=True, _writer=lambda: None)
        pool.on_partial_read(job, SimpleNamespace(dead=False, _sentinel_poll=watched))
    os.close(other_end)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(watched)


def test_the_worker_s_pool_is_made_of_these_processes() -> None:
    assert TaskPool.Pool is Processes
