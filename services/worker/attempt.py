"""One attempt at a job, from its claim to its last write. Knows neither Celery nor processes.

The loop calls the trainer for a bounded piece of work and in between looks at everything else: the end,
the time-out, the wish to stop, the next flush. There is no thread that renews the lease: it would go on
doing so while the training hangs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from nn import trainers
from nn.model import model_of
from nn.preparation import prepare
from nn.training import Diverged, Trainer
from services import jobs
from services.errors import DeterminismViolation, LeaseLost, ProgressLost, Unavailable
from services.logs import get_logger
from services.schemas import resolved
from services.status import JobError
from services.store.clock import MICROSECONDS
from services.worker.pace import Pace
from services.worker.tally import Tally
from services.worker.unstored import Unstored

if TYPE_CHECKING:
    from nn.preparation import Prepared
    from nn.spec import Spec
    from nn.training import Progress
    from services.settings import Settings
    from services.store import Store
    from services.store.rows import JobRow

log = get_logger(__name__)

#: Flushing may take at most this share of the time: if flushes get slow, they get rare.
FLUSH_SHARE = 0.1

#: Seconds between two tries of an attempt's last write while the store is away.
RETRY_SECONDS = 0.5

#: The write that ends the attempt: `jobs.finish`, `jobs.fail` or `jobs.hand_back` with their arguments.
LastWrite = Callable[[], "JobRow"]


class Attempt:
    """A claimed job being trained.

    `should_stop` is asked between two calls of the trainer; once it says yes, the job is handed back.
    `clock` (seconds), `pause` and `start` (as `nn.trainers.start`) are arguments so that tests need not wait.
    """

    def __init__(
        self,
        store: Store,
        claim: jobs.Claim,
        settings: Settings,
        *,
        should_stop: Callable[[], bool],
        tally: Tally | None = None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        start: Callable[[Spec, Prepared, bytes | None], Trainer] = trainers.start,
    ) -> None:
        self._store = store
        self._claim = claim
        self._settings = settings
        self._should_stop = should_stop
        self._tally = tally or Tally()
        self._clock = clock
        self._pause = pause
        self._start = start
        self._unstored = Unstored(claim.epoch, claim.best)
        self._began = self._flushed = clock()
        self._flush_seconds = settings.flush_seconds
        self._log = log.bind(job=claim.job_id, attempt=claim.attempt)

    def run(self) -> JobRow | None:
        """Train until the job ends, is taken away or must be handed back.

        Returns the job as the last write left it, or None if it belongs to someone else now (then nothing
        was written) or the store stayed away during a shutdown (then its lease runs out).
        """
        try:
            try:
                return self._write(self._train())
            except (LeaseLost, Unavailable):
                raise
            except ProgressLost as error:
                self._log.warning(
                    "the database lost progress; the job goes on from earlier", error=error.detail
                )
                return self._write(partial(jobs.hand_back, self._store, self._claim))
            except Exception as error:
                return self._write(self._failure(*_reason(error, self._log)))
        except LeaseLost:
            self._log.info("the job was taken away")
        except Unavailable:
            self._log.warning("the store is away; the job is left to the sweeper")
        return None

    def _train(self) -> LastWrite:
        """Train and flush until it is clear how the attempt ends."""
        spec = resolved.load(self._claim.spec)
        prepared = prepare(spec, self._claim.dataset, self._claim.validation)
        trainer = self._start(spec, prepared, self._claim.checkpoint)
        pace = Pace()
        while True:
            called = self._clock()
            try:
                progress = trainer.advance(pace.work)
            except Diverged as diverged:
                self._add(diverged.progress)
                return self._failure(JobError.DIVERGED, str(diverged), trainer)
            pace.took(self._clock() - called)
            self._add(progress)
            if progress.stop_reason is not None:
                model = model_of(spec, prepared, trainer.parameters(), trainer.kept_epoch)
                return partial(
                    jobs.finish, self._store, self._claim, self._flush(trainer), model, progress.stop_reason
                )
            if self._is_too_late():
                detail = f"the training took longer than {self._claim.timeout_seconds:g} seconds"
                return self._failure(JobError.TIMEOUT, detail, trainer)
            if self._should_stop():
                return partial(jobs.hand_back, self._store, self._claim, self._flush(trainer))
            if self._is_flush_due():
                self._try_flush(trainer)

    def _add(self, progress: Progress) -> None:
        before = self._unstored.epoch
        self._unstored.add(progress)
        self._tally.trained(self._unstored.epoch - before)

    def _try_flush(self, trainer: Trainer) -> None:
        """Store what is new and renew the lease. While the store is away, train on and try again."""
        began = self._clock()
        try:
            jobs.flush(self._store, self._claim, self._flush(trainer), self._settings.lease_seconds)
            self._unstored.stored()
        except Unavailable as error:
            self._log.warning("flush failed, will be repeated", error=error.detail)
        self._flushed = self._clock()
        took = self._flushed - began
        self._tally.flushed(took)
        self._flush_seconds = max(self._settings.flush_seconds, took / FLUSH_SHARE - took)

    def _is_flush_due(self) -> bool:
        silent = self._clock() - self._flushed
        if silent >= self._settings.renew_seconds:
            return True
        return self._unstored.has_epochs and silent >= self._flush_seconds

    def _is_too_late(self) -> bool:
        limit = self._claim.timeout_seconds
        earlier = self._claim.running_us / MICROSECONDS
        return limit is not None and earlier + self._clock() - self._began > limit

    def _flush(self, trainer: Trainer) -> jobs.Flush:
        seconds = self._clock() - self._began
        rate = (self._unstored.epoch - self._claim.epoch) / seconds if seconds > 0.0 else None
        return self._unstored.flush(trainer, rate)

    def _failure(self, code: JobError, detail: str, trainer: Trainer | None = None) -> LastWrite:
        progress = None if trainer is None else self._flush(trainer)
        return partial(jobs.fail, self._store, self._claim, code, detail, progress)

    def _write(self, write: LastWrite) -> JobRow:
        """Do the last write, however long the store is away, unless this process is to end."""
        while True:
            try:
                return write()
            except Unavailable as error:
                if self._should_stop():
                    raise
                self._log.warning("last write failed, will be repeated", error=error.detail)
                self._pause(RETRY_SECONDS)


def _reason(error: Exception, attempt_log: Any) -> tuple[JobError, str]:
    """Say why an attempt failed, in words that are fit for the client."""
    match error:
        case DeterminismViolation():
            return JobError.DETERMINISM_VIOLATION, error.detail
        case MemoryError():
            return JobError.OUT_OF_MEMORY, "the training needs more memory than a worker process may take"
    attempt_log.exception("the attempt failed unexpectedly")
    return JobError.INTERNAL, "an unexpected error ended the training; the service's log says more"
