"""Claim, flush, expire, finish, cancel, pause and all the rest, in any order: I1 to I6 of the promise hold.

The real SQL on both databases. The machine knows what a deterministic worker would send and what clients
were told; what the store should then hold is not computed a second time but judged by the invariants.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, func, select, update

from services import jobs
from services.errors import InvalidStatus, LeaseLost
from services.status import Status
from services.store import curve, tables
from services.store.rows import JobRow, row_of
from tests.support.jobs import LEASE_SECONDS, AnyModel, a_flush, silence, submitted, swept

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.store import Store

#: Epochs that the training of every job takes.
LENGTH = 50

#: Jobs that are not terminal, at most: few, so that workers meet at the same one, where a fence is needed.
LIVE_JOBS = 2

#: What may happen next, the oftener named the likelier. One rule for all: given many, Hypothesis leaves
#: most of them out of most runs, and what matters here needs six different ones in a row.
STEPS = [
    *["submit", "claim", "claim", "flush", "flush", "flush_again", "hand_back", "fall_silent", "sweep"] * 2,
    *["finish", "fail", "cancel", "pause", "resume", "resume", "damage_a_checkpoint", "damage_a_checkpoint"],
]


@dataclass
class Promised:
    """What clients know of one job."""

    id: str
    seen: JobRow


@dataclass
class Worker:
    """A worker that claimed a job, and perhaps lost it since: the last epoch it trained."""

    claim: jobs.Claim
    epoch: int = field(init=False)

    def __post_init__(self) -> None:
        self.epoch = self.claim.epoch

    def train(self, epochs: int) -> jobs.Flush:
        first = self.epoch + 1
        self.epoch = min(self.epoch + epochs, LENGTH)
        return a_flush(first, self.epoch)


class AnyOrder(RuleBasedStateMachine):
    """Any number of clients, workers and sweepers, one step at a time."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.jobs: list[Promised] = []
        self.workers: list[Worker] = []

    @initialize()
    def empty(self) -> None:
        with self.store.transaction() as connection:
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(delete(table))

    @rule(what=st.sampled_from(STEPS), recent=st.integers(0, 2), epochs=st.integers(0, 20))
    def step(self, what: str, recent: int, epochs: int) -> None:
        """Let something happen to one of the most recent jobs or workers, if it can."""
        if what in ("submit", "claim", "fall_silent", "sweep"):
            getattr(self, what)()
        elif what in ("flush", "flush_again", "hand_back", "finish", "fail"):
            if recent < len(self.workers):
                getattr(self, what)(self.workers[-1 - recent], epochs)
        elif recent < len(self.jobs):
            getattr(self, what)(self.jobs[-1 - recent])

    # What clients do.

    def submit(self) -> None:
        if sum(not job.seen.is_terminal for job in self.jobs) < LIVE_JOBS:
            row = submitted(self.store, epochs=LENGTH, max_attempts=2)
            self.jobs.append(Promised(row.id, row))

    def cancel(self, job: Promised) -> None:
        self._steer(job, jobs.cancel)

    def pause(self, job: Promised) -> None:
        self._steer(job, jobs.pause)

    def resume(self, job: Promised) -> None:
        self._steer(job, jobs.resume)

    def _steer(self, job: Promised, act: Callable[[Store, str], JobRow]) -> None:
        try:
            after = act(self.store, job.id)
        except InvalidStatus:
            return
        assert after == self._row(job.id)

    # What workers do.

    def claim(self) -> None:
        claim = jobs.claim(self.store, worker="a worker", lease_seconds=LEASE_SECONDS)
        assert (claim is not None) == any(job.seen.status is Status.QUEUED for job in self.jobs)
        if claim is None:
            return
        assert claim.epoch <= self._row(claim.job_id).epoch
        assert claim.checkpoint == (b"state after %d" % claim.epoch if claim.checkpoint else None)
        self.workers.append(Worker(claim))

    def flush(self, worker: Worker, epochs: int) -> None:
        flush = worker.train(epochs)
        self._write(worker, lambda: jobs.flush(self.store, worker.claim, flush, LEASE_SECONDS))

    def flush_again(self, worker: Worker, _epochs: int) -> None:
        """The reply to the last flush was cut, so the worker sends all it ever trained once more."""
        flush = a_flush(worker.claim.epoch + 1, worker.epoch)
        self._write(worker, lambda: jobs.flush(self.store, worker.claim, flush, LEASE_SECONDS))

    def hand_back(self, worker: Worker, epochs: int) -> None:
        flush = worker.train(epochs)
        self._write(worker, lambda: jobs.hand_back(self.store, worker.claim, flush))

    def finish(self, worker: Worker, _epochs: int) -> None:
        flush, model = worker.train(LENGTH), AnyModel()
        self._write(
            worker,
            lambda: jobs.finish(self.store, worker.claim, flush, model, "max_epochs"),  # type: ignore[arg-type]
        )

    def fail(self, worker: Worker, epochs: int) -> None:
        flush = worker.train(epochs)
        self._write(worker, lambda: jobs.fail(self.store, worker.claim, "internal", "a reason", flush))

    def _write(self, worker: Worker, write: Callable[[], object]) -> None:
        """Let a worker write: it must succeed if and only if the job is its own."""
        row = self._row(worker.claim.job_id)
        if (row.status, row.attempt) == (Status.RUNNING, worker.claim.attempt):
            write()
            return
        with pytest.raises(LeaseLost):
            write()
        assert self._row(worker.claim.job_id) == row

    # What happens to them.

    def fall_silent(self) -> None:
        """No worker says anything for longer than its lease."""
        for job in self.jobs:
            if job.seen.status is Status.RUNNING:
                silence(self.store, job.id)

    def sweep(self) -> None:
        before = {job.id: self._row(job.id) for job in self.jobs}
        result = swept(self.store)
        for job_id in [*result.taken_back, *result.given_up]:
            assert before[job_id].status is Status.RUNNING
            assert before[job_id].lease_expires_at == 1, "its worker had spoken"
            assert self._row(job_id).lost_attempts == before[job_id].lost_attempts + 1

    def damage_a_checkpoint(self, job: Promised) -> None:
        checkpoints = tables.checkpoints.c
        newest = select(func.max(checkpoints.version)).where(checkpoints.job_id == job.id).scalar_subquery()
        broken = update(tables.checkpoints).where(checkpoints.job_id == job.id, checkpoints.version == newest)
        with self.store.transaction() as connection:
            connection.execute(broken.values(data=b"damaged"))

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
            assert rows.keys() == {job.id for job in self.jobs}, "I1"
            for job in self.jobs:
                row = rows[job.id]
                if worth_a_look(job, row):
                    _check_curve(job, row, curve.read(connection, job.id, 0, 1000))
                    _check_attempts(row, _attempts_that_wrote(connection, job))
                _check_row(job, row)
                job.seen = row

    def _row(self, job_id: str) -> JobRow:
        return jobs.get(self.store, job_id)


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


def _check_attempts(row: JobRow, wrote: list[int]) -> None:
    """I5."""
    assert wrote == sorted(wrote)
    assert max(wrote, default=0) <= row.attempt
    assert row.lost_attempts <= row.max_attempts
    assert row.lost_attempts < row.max_attempts or row.error_code == "worker_lost"


def _attempts_that_wrote(connection: Connection, job: Promised) -> list[int]:
    chunks = tables.loss_chunks.c
    statement = select(chunks.attempt).where(chunks.job_id == job.id).order_by(chunks.first_epoch)
    return list(connection.execute(statement).scalars())


def _visible(row: JobRow) -> JobRow:
    """Leave out what only the sweeper looks at, and what `silence` sets."""
    return replace(row, lease_expires_at=None)


@pytest.mark.timeout(600)  # only a failure takes long: Hypothesis then looks for a shorter one
def test_the_promise_holds_in_any_order(store: Store) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: AnyOrder(store),
        settings=settings(
            max_examples=25,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
