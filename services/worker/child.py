"""A pool process of the worker: its own store, made after the fork, and one job at a time."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any

from services import jobs, leash
from services.doorbell import Ringer
from services.errors import Unavailable
from services.logs import get_logger
from services.status import Status
from services.store import Store
from services.store.clock import MICROSECONDS
from services.worker.attempt import Attempt
from services.worker.limits import limit_memory

if TYPE_CHECKING:
    from services.settings import Settings
    from services.worker.signs import Signs
    from services.worker.tally import Tally

log = get_logger(__name__)


class Child:
    """What lives in one pool process between its fork and its end."""

    def __init__(self, settings: Settings, signs: Signs, tally: Tally, *, worker: str, parent: int) -> None:
        """Make it right after the fork from the process `parent`: nothing of this may be open before."""
        self._settings = settings
        self._signs = signs
        self._tally = tally
        # Its own name, for it is part of the fence: this process trains one job at a time.
        self._name = f"{worker}:{os.getpid()}"
        self._store = Store(settings.store_url, settings)
        self._parent = parent
        self._terminated = False
        self._idle_handler: Any = None
        limit_memory(settings.worker_memory_bytes)
        # Should the main process die, Celery has us killed; with SIGTERM instead the job is handed back.
        leash.end_with_parent(parent)

    def answer(self, rung_for: str) -> None:
        """Claim the most urgent job and train it. `rung_for` is whose ring this is; another may be served."""
        # Only while there is a job: Celery's own handler, which ends an idle process, is asked afterwards.
        idle_handler = signal.signal(signal.SIGTERM, self._on_sigterm)
        self._idle_handler = self._idle_handler or idle_handler
        try:
            self._signs.stir()
            self._train_next(rung_for)
        except Unavailable as error:
            log.warning("cannot claim; the sweeper will ring again", error=error.detail)
        finally:
            signal.signal(signal.SIGTERM, self._on_sigterm_when_idle)
        self._end_if_orphaned()
        if self._terminated and not self._signs.stopping:
            sys.exit(0)  # This process alone was told to end.

    def _train_next(self, rung_for: str) -> None:
        claim = jobs.claim(self._store, worker=self._name, lease_seconds=self._settings.lease_seconds)
        if claim is None:
            log.debug("nothing to claim", rung_for=rung_for)
            return
        self._tally.claimed()
        log.info("job claimed", job=claim.job_id, attempt=claim.attempt, epoch=claim.epoch)
        job = Attempt(
            self._store, claim, self._settings, should_stop=self._should_stop, tally=self._tally
        ).run()
        if job is None:
            return
        seconds = round(job.running_us / MICROSECONDS, 3)
        log.info(f"job {job.status}", job=job.id, attempt=job.attempt, epoch=job.epoch, seconds=seconds)
        if job.status is Status.QUEUED:
            self._ring(job.id)

    def _ring(self, job_id: str) -> None:
        """Tell the other workers at once about a job that was handed back."""
        ringer = Ringer(self._settings)
        ringer.ring([job_id])
        ringer.close()

    def _should_stop(self) -> bool:
        # Asked between two pieces of work, so the question is also a sign of life.
        self._signs.stir()
        return self._terminated or self._signs.stopping

    def _on_sigterm(self, _number: int, _frame: FrameType | None) -> None:
        self._terminated = True

    def _on_sigterm_when_idle(self, number: int, frame: FrameType | None) -> None:
        self._end_if_orphaned()
        self._idle_handler(number, frame)

    def _end_if_orphaned(self) -> None:
        if os.getppid() != self._parent:
            # The main process is gone. A proper exit would wait 30 s for it to take the task's result.
            os._exit(0)
