"""The worker's main process: a Celery worker with our settings, our one task and the sweeper."""

from __future__ import annotations

import os
import signal
import socket
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from billiard.process import current_process
from celery import bootsteps, signals
from celery.exceptions import SecurityWarning

from nn import trainers
from services import broker, logs
from services.worker.app import make_worker_app
from services.worker.child import Child
from services.worker.signs import Signs
from services.worker.sweeper import Sweeper
from services.worker.tally import Tallies

if TYPE_CHECKING:
    from celery import Celery

    from services.settings import Settings

log = logs.get_logger(__name__)


def run(settings: Settings) -> int:
    """Answer rings until SIGTERM or Ctrl-C; return the exit code of the process.

    When it ends, the jobs under way are handed back: their last state is stored and another worker goes on.
    """
    name = f"{socket.gethostname()}:{os.getpid()}"
    logs.setup(settings.log_format, level=settings.log_level, worker=name)
    _warm(settings.data_folder)
    processes = settings.workers or usable_cores()
    signs, tallies = Signs(), Tallies(processes)
    sweeper = Sweeper(
        settings,
        worker=name,
        processes=processes,
        quiet_seconds=signs.quiet_seconds,
        counted=tallies.counted,
        on_dead=_end_at_once,
    )
    app = make_worker_app(settings, processes=processes)
    _add_task(app, settings, signs, tallies, worker=name)
    _hand_back_at_the_end(app, settings, signs)
    # Celery sets up no logging of its own when somebody listens to this.
    signals.setup_logging.connect(_keep_our_logging)
    # Not before: a worker that cannot reach its broker does not count as alive.
    signals.worker_ready.connect(sweeper.on_worker_ready)
    # Celery warns root of messages that run code when they are read. Ours are JSON only.
    warnings.simplefilter("ignore", SecurityWarning)
    worker = app.Worker(
        hostname=f"gradqueue@{name}",
        quiet=True,
        loglevel="WARNING",
        # Workers need not know of each other, and their chatter would wake them all the time.
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    sweeper.stop()
    return worker.exitcode or 0


def _warm(folder: Path) -> None:
    """Make the trainer ready before any process is forked, so that they share it and no job waits for it."""
    compiled: list[str] = []

    def tell(function: str) -> None:
        if not compiled:
            log.info("compiling the trainer; only the first start takes this minute")
        compiled.append(function)

    trainers.warm(folder / "kernels", tell)


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _add_task(app: Celery, settings: Settings, signs: Signs, tallies: Tallies, *, worker: str) -> None:
    """Give `app` its one task, which the pool processes run, and have each of them set up after its fork."""
    main_process = os.getpid()
    child: Child | None = None

    def begin_child(**_: Any) -> None:
        nonlocal child
        structlog.contextvars.bind_contextvars(worker=worker)
        # A process that replaces another has its place in the pool.
        tally = tallies.of(current_process().index)
        child = Child(settings, signs, tally, worker=worker, parent=main_process)

    def train(job_id: str) -> None:
        assert child is not None, "the task runs in pool processes only"  # noqa: S101
        child.answer(job_id)

    signals.worker_process_init.connect(begin_child, weak=False)
    app.task(train, name=broker.TASK)


def _hand_back_at_the_end(app: Celery, settings: Settings, signs: Signs) -> None:
    """Have the children told to hand their jobs back whenever this worker ends, and see that it does end."""

    def end(**_: Any) -> None:
        if signs.stopping:
            return
        signs.stop()
        log.info("worker ends; its jobs are handed back")
        last_resort = threading.Timer(settings.shutdown_seconds, _end_at_once)
        last_resort.daemon = True
        last_resort.start()

    hangup = signal.getsignal(signal.SIGHUP)

    class End(bootsteps.StartStopStep):  # type: ignore[misc]
        """What Celery does otherwise when it is to end."""

        def start(self, _worker: Any) -> None:
            # A terminal that is closed ends the worker. Celery would have it start itself again.
            ignored = hangup is signal.SIG_IGN
            signal.signal(signal.SIGHUP, hangup if ignored else signal.getsignal(signal.SIGTERM))

        def close(self, _worker: Any) -> None:
            # After an error in its main loop Celery sends no signal and lets tasks run to their end.
            end()

    # The signal comes at once, the boot step only when the main loop comes round.
    signals.worker_shutting_down.connect(end, weak=False)
    app.steps["worker"].add(End)


def _keep_our_logging(**_: Any) -> None:
    pass


def _end_at_once() -> None:
    """End this process, whatever it hangs in. Its children notice, and a supervisor starts it again."""
    os._exit(os.EX_SOFTWARE)
