"""Claim, flush, expire, finish, cancel, pause and all the rest, in any order: I1 to I6 of the promise hold.

The real SQL on both databases. The machine knows what a deterministic worker would send and what clients
were told; what the store should then hold is not computed a second time but judged by the invariants.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select, update

from services import jobs
from services.errors import InvalidStatus, LeaseLost
from services.status import Status
from services.store import curve, tables
from services.store.rows import JobRow, row_of
from tests.support.jobs import LEASE_SECONDS, AnyModel, a_flush, silence, submitted, swept

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.store import Store


#: Few, so that workers meet at the same job: that is where a fence is needed.
MOST_JOBS = 2


@dataclass
class Promised:
    """What clients know of one job: it exists, and its training takes `length` epochs."""

    id: str
    length: int
    max_attempts: int
    seen: JobRow


@dataclass
class Worker:
    """A worker that claimed a job, and perhaps lost it since: the last epoch it trained."""

    claim: jobs.Claim
    epoch: int = field(init=False)

    def __post_init__(self) -> None:
        self.epoch = self.claim.epoch

    def train(self, epochs: int, length: int) -> jobs.Flush:
        first = self.epoch + 1
        self.epoch = min(self.epoch + epochs, length)
        return a_flush(first, self.epoch)


class AnyOrder(RuleBasedStateMachine):
    """Any number of clients, workers and sweepers, one step at a time."""

    promised = Bundle("promised")
    workers = Bundle("workers")

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.jobs: dict[str, Promised] = {}

    @initialize()
    def empty(self) -> None:
        with self.store.transaction() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(delete(table))

    # What clients do.

    @precondition(lambda self: len(self.jobs) < MOST_JOBS)
    @rule(target=promised, length=st.integers(1, 50), max_attempts=st.integers(1, 3))
    def submit(self, length: int, max_attempts: int) -> Promised:
        job = submitted(self.store, max_attempts=max_attempts)
        self.jobs[job.id] = Promised(job.id, length, max_attempts, job)
        return self.jobs[job.id]

    @rule(job=promised, act=st.sampled_from([jobs.cancel, jobs.pause, jobs.resume]))
    def steer(self, job: Promised, act: Callable[[Store, str], JobRow]) -> None:
        try:
            after = act(self.store, job.id)
        except InvalidStatus:
            return
        assert after == self._row(job)

    # What workers do.

    @rule(target=workers)
    def claim(self) -> Any:
        claim = jobs.claim(self.store, worker="a worker", lease_seconds=LEASE_SECONDS)
        if claim is None:
            assert Status.QUEUED not in {self._row(job).status for job in self.jobs.values()}
            return multiple()
        stored = self._row(self.jobs[claim.job_id])
        assert claim.epoch <= stored.epoch
        assert claim.checkpoint == (b"state after %d" % claim.epoch if claim.checkpoint else None)
        return Worker(claim)

    @rule(worker=workers, epochs=st.integers(0, 30))
    def flush(self, worker: Worker, epochs: int) -> None:
        flush = worker.train(epochs, self._length(worker))
        self._write(worker, lambda: jobs.flush(self.store, worker.claim, flush, LEASE_SECONDS))

    @rule(worker=workers)
    def flush_again(self, worker: Worker) -> None:
        """The reply to the last flush was cut, so the worker sends all of it once more."""
        flush = a_flush(worker.claim.epoch + 1, worker.epoch)
        self._write(worker, lambda: jobs.flush(self.store, worker.claim, flush, LEASE_SECONDS))

    @rule(worker=consumes(workers))
    def hand_back(self, worker: Worker) -> None:
        self._write(worker, lambda: jobs.hand_back(self.store, worker.claim, worker.train(0, 50)))

    @rule(worker=workers)
    def finish(self, worker: Worker) -> None:
        flush = worker.train(50, self._length(worker))
        model: Any = AnyModel(epoch=flush.epoch)
        self._write(worker, lambda: jobs.finish(self.store, worker.claim, flush, model, "max_epochs"))

    @rule(worker=workers)
    def fail(self, worker: Worker) -> None:
        self._write(worker, lambda: jobs.fail(self.store, worker.claim, "internal", "a reason"))

    # What happens to them.

    @rule(job=promised)
    def fall_silent(self, job: Promised) -> None:
        """A worker says nothing for longer than its lease."""
        if self._row(job).status is Status.RUNNING:
            silence(self.store, job.id)

    @rule()
    def sweep(self) -> None:
        before = {job.id: self._row(job) for job in self.jobs.values()}
        result = swept(self.store)
        for job_id in [*result.taken_back, *result.given_up]:
            assert before[job_id].status is Status.RUNNING
            assert before[job_id].lease_expires_at == 1, "its worker had spoken"
            assert jobs.get(self.store, job_id).lost_attempts == before[job_id].lost_attempts + 1

    @rule(job=promised)
    def damage_a_checkpoint(self, job: Promised) -> None:
        checkpoints = tables.checkpoints.c
        newest = select(checkpoints.version).where(checkpoints.job_id == job.id)
        with self.store.transaction() as connection:
            version = connection.scalar(newest.order_by(checkpoints.version.desc()).limit(1))
            connection.execute(
                update(tables.checkpoints)
                .where(checkpoints.job_id == job.id, checkpoints.version == version)
                .values(data=b"damaged")
            )

    # What must hold.

    @invariant()
    def the_promise_holds(self) -> None:
        self._check(lambda job, row: row.version != job.seen.version)

    def teardown(self) -> None:
        """Look at everything again, also at what nothing was supposed to touch."""
        self._check(lambda job, row: True)

    def _check(self, worth_a_look: Callable[[Promised, JobRow], bool]) -> None:
        with self.store.reading() as connection:
            rows = {row.id: row_of(JobRow, row) for row in connection.execute(select(tables.jobs))}
            assert rows.keys() == self.jobs.keys(), "I1"
            for job in self.jobs.values():
                row = rows[job.id]
                if worth_a_look(job, row):
                    _check_curve(job, row, curve.read(connection, job.id, 0, 1000))
                    _check_attempts(job, row, _attempts_that_wrote(connection, job))
                _check_row(job, row)
                job.seen = row

    def _write(self, worker: Worker, write: Callable[[], object]) -> None:
        """Let a worker write: it must succeed if and only if the job is its own."""
        row = self._row(self.jobs[worker.claim.job_id])
        owns = (row.status, row.attempt) == (Status.RUNNING, worker.claim.attempt)
        if owns:
            write()
        else:
            with pytest.raises(LeaseLost):
                write()
            assert self._row(self.jobs[worker.claim.job_id]) == row

    def _row(self, job: Promised) -> JobRow:
        return jobs.get(self.store, job.id)

    def _length(self, worker: Worker) -> int:
        return self.jobs[worker.claim.job_id].length


def _check_row(job: Promised, row: JobRow) -> None:
    """I2 and I6: what is terminal stays as it is; and whatever a client can see has a new version."""
    assert row == job.seen or not job.seen.is_terminal
    assert row.version > job.seen.version or _visible(row) == _visible(job.seen)


def _check_curve(job: Promised, row: JobRow, stored: curve.Curve) -> None:
    """I3, and I4 as far as the store has a part in it."""
    assert (stored.first_epoch, stored.has_more) == (1, False)
    assert stored.last_epoch == row.epoch >= job.seen.epoch
    for name, values in a_flush(1, row.epoch).curve.items():
        assert np.array_equal(stored.metrics.get(name, np.empty(0)), values)


def _check_attempts(job: Promised, row: JobRow, wrote: list[int]) -> None:
    """I5."""
    assert wrote == sorted(wrote)
    assert max(wrote, default=0) <= row.attempt
    assert row.lost_attempts <= job.max_attempts
    assert row.lost_attempts < job.max_attempts or row.error_code == "worker_lost"


def _attempts_that_wrote(connection: Connection, job: Promised) -> list[int]:
    chunks = tables.loss_chunks.c
    statement = select(chunks.attempt).where(chunks.job_id == job.id).order_by(chunks.first_epoch)
    return list(connection.execute(statement).scalars())


def _visible(row: JobRow) -> JobRow:
    """Leave out what only the sweeper looks at, and what `silence` sets."""
    return replace(row, lease_expires_at=None)


@pytest.mark.timeout(300)
def test_the_promise_holds_in_any_order(store: Store) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: AnyOrder(store),
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
