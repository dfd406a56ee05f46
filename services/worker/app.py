"""The worker's Celery application: every setting that differs from Celery's default, each with its reason.

What was measured is in docs/decisions/broker.md; tests/worker/ asserts each, so that none is lost in an edit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services import broker

if TYPE_CHECKING:
    from celery import Celery

    from services.settings import Settings

#: Seconds to wait for the broker to answer, more than the one second that each BRPOP blocks.
SOCKET_SECONDS = 5
#: Seconds after which a silent worker's control queue is removed; Celery's 10 s also remove a busy one's.
CONTROL_QUEUE_SECONDS = 300
#: Seconds that the main process waits for the result of a process that died. Until then the dead process's
#: ring counts as being worked on, and with one process per worker nothing else is fetched.
LOST_PROCESS_SECONDS = 1.0
#: Seconds that a new process may take until it says that it is up; 4 s are too short on a loaded machine.
START_SECONDS = 60.0


def make_worker_app(settings: Settings, *, processes: int) -> Celery:
    """Return the Celery application of a worker that trains `processes` jobs at a time."""
    app = broker.make_app(
        settings.broker_url,
        wait_seconds=settings.broker_wait_seconds,
        redis_options={
            # Redis knows no acknowledgements; kombu imitates them with keys of its own. They do not save our
            # rings (BRPOP comes before them), and after a blink of the broker it is they that make a worker
            # exit or, once one has failed, take no ring ever again. The sweeper replaces lost rings sooner.
            "ack_emulation": False,
            "socket_timeout": SOCKET_SECONDS,
        },
    )
    app.conf.update(
        # A worker holds only the rings it is answering; the others stay where every worker sees them.
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        # True would start a job that crashes its process again and again; the attempts are counted by us.
        task_reject_on_worker_lost=False,
        # A broker that blinks must not stop a training; the fence makes a double delivery harmless.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        # Never give up on the broker. The default is 100 attempts.
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # On, though nothing uses it: without it a failed acknowledgement keeps its place in the prefetch
        # window for ever, and the worker lives on without taking any more rings.
        worker_enable_remote_control=True,
        control_queue_ttl=CONTROL_QUEUE_SECONDS,
        control_queue_expires=CONTROL_QUEUE_SECONDS,
        worker_send_task_events=False,
        # One process per job at a time: a crash takes one job with it, not all. Prefork, less a leak.
        worker_pool="services.worker.pool:TaskPool",
        worker_concurrency=processes,
        worker_proc_alive_timeout=START_SECONDS,
        worker_lost_wait=LOST_PROCESS_SECONDS,
        worker_max_tasks_per_child=settings.worker_jobs_per_process or None,
        # In KiB. Looked at after a job: a process that kept half of its limit is replaced.
        worker_max_memory_per_child=settings.worker_memory_bytes // 2048 or None,
        # SIGTERM lets tasks end by themselves, and ours end when they see the stop flag. This bounds the
        # wait should a process not look at it.
        worker_soft_shutdown_timeout=settings.shutdown_seconds,
        # Logging and standard output are ours (services/logs.py).
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    return app
