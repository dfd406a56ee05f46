"""The sweeper: a thread in the worker's main process that takes back lost jobs and rings again.

Why here and not Celery's beat: docs/decisions/sweeper.md. Every worker has one; each of its actions is a
guarded update, so any number of them do no more than one.
"""

from __future__ import annotations

# Loaded now and not by a library in the thread: it has a lock for forks of its own, and a fork under way
# would then release what it never took.
import concurrent.futures.thread  # noqa: F401
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from services import jobs, workers
from services.doorbell import Ringer
from services.errors import Unavailable
from services.logs import get_logger
from services.store import Store
from services.worker.dead_man import DeadMan
from services.worker.vigil import Vigil

if TYPE_CHECKING:
    from services.settings import Settings
    from services.worker.tally import Counted

log = get_logger(__name__)

#: A worker counts as alive for this many sweeps after it last said so, and for at least ALIVE_SECONDS.
ALIVE_SWEEPS = 3
ALIVE_SECONDS = 10.0


class Sweeper:
    """Sweeps from the first `on_worker_ready` until `stop`.

    `on_dead` is called when the worker that this sweeper belongs to no longer answers; `quiet_seconds` says
    for how long none of its children has done anything, `counted` what they have done since they began.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        worker: str,
        processes: int,
        quiet_seconds: Callable[[], float],
        counted: Callable[[], Counted],
        on_dead: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._worker = worker
        self._processes = processes
        self._quiet_seconds = quiet_seconds
        self._counted = counted
        self._sweeps = self._taken_back = self._given_up = 0
        self._on_dead = on_dead
        self._store = Store(settings.store_url, settings)
        self._ringer = Ringer(settings)
        self._dead_man = DeadMan(settings.dead_man_seconds)
        # A worker that could not renew its lease tries again so soon, and is refused after at most so long.
        retried = (
            settings.renew_seconds + settings.database_statement_seconds + settings.database_wait_seconds
        )
        self._vigil = Vigil(min(retried, settings.lease_seconds), gap_seconds=settings.lease_seconds / 2)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)
        self._at_work = threading.Lock()

    def on_worker_ready(self, **_: Any) -> None:
        """Begin to sweep. Celery says so after every reconnection; only the first time matters.

        The main process forks whenever a child has to be replaced, and a child must inherit neither an open
        database nor a lock that this thread holds: so a fork waits until the sweep is over.
        """
        if self._thread.ident is not None:
            return
        os.register_at_fork(
            before=self._at_work.acquire,
            after_in_parent=self._at_work.release,
            after_in_child=self._at_work.release,
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after a sweep that is under way, and say that the worker is no longer there."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        try:
            workers.forget(self._store, self._worker)
        except Unavailable as error:
            log.warning("cannot sign off", error=error.detail)
        self._close()

    def sweep(self) -> None:
        """Sweep once. Nothing is open afterwards."""
        with self._at_work:
            try:
                self._sweep()
            except Unavailable as error:
                self._vigil.interrupt()
                log.warning("sweep failed, will be repeated", error=error.detail)
            except Exception:
                # A bug here must not end the thread: nobody would notice, and lost jobs would stay lost.
                log.exception("sweep failed unexpectedly, will be repeated")
            finally:
                self._close()

    def _run(self) -> None:
        self.sweep()
        while not self._ended.wait(self._settings.sweep_seconds):
            self.sweep()

    def _sweep(self) -> None:
        settings = self._settings
        alive_seconds = max(ALIVE_SECONDS, ALIVE_SWEEPS * settings.sweep_seconds)
        workers.renew(
            self._store,
            self._worker,
            processes=self._processes,
            seconds=alive_seconds,
            figures=self._figures(),
        )
        swept = jobs.sweep(
            self._store,
            limit=settings.sweep_jobs,
            ring_again_seconds=settings.ring_again_seconds,
            silence_counts=self._vigil.look(),
        )
        self._sweeps += 1
        self._taken_back += len(swept.taken_back)
        self._given_up += len(swept.given_up)
        for job_id in swept.taken_back:
            log.warning("lease ran out; the job is queued again", job=job_id)
        for job_id in swept.given_up:
            log.error("lease ran out for the last time; the job failed", job=job_id)
        rings = self._ringer.waiting()
        if rings is not None and rings < len(swept.to_ring):
            # Where rings wait in plenty the workers are busy or away, and more would only fill the broker.
            self._ringer.ring(swept.to_ring)
        if self._dead_man.is_dead(
            waited=workers.longest_wait(self._store),
            quiet=self._quiet_seconds(),
            broker_answers=rings is not None,
        ):
            log.error("jobs wait and no process answers; this worker ends itself")
            self._on_dead()

    def _figures(self) -> workers.Figures:
        return {
            **self._counted(),
            "sweeps": self._sweeps,
            "taken_back": self._taken_back,
            "given_up": self._given_up,
        }

    def _close(self) -> None:
        self._store.close()
        self._ringer.close()
