"""The life of a job that nothing disturbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from services import jobs
from services.status import Status
from tests.support.jobs import a_flush, claimed, finished, flush, submitted

if TYPE_CHECKING:
    from services.store import Store


def test_a_submitted_job_is_queued_and_can_be_read(store: Store) -> None:
    job = submitted(store, name="first", metadata={"customer": "42"})

    assert jobs.get(store, job.id) == job
    assert (job.status, job.attempt, job.epoch, job.version) == (Status.QUEUED, 0, 0, 1)
    assert job.metadata == {"customer": "42"}


def test_a_job_runs_and_succeeds(store: Store) -> None:
    job = submitted(store)
    claim = claimed(store)
    flush(store, claim, 1, 20)

    running = jobs.get(store, job.id)
    assert (running.status, running.attempt, running.epoch) == (Status.RUNNING, 1, 20)
    assert running.latest == {"train_loss": 1 / 20, "validation_loss": 2 / 20}

    done = finished(store, claim, 21, 50)
    assert done == jobs.get(store, job.id)
    assert (done.status, done.epoch, done.stop_reason) == (Status.SUCCEEDED, 50, "max_epochs")
    curve = jobs.loss_curve(store, job.id)
    assert np.array_equal(curve.metrics["train_loss"], a_flush(1, 50).curve["train_loss"])
    assert not curve.has_more
