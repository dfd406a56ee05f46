"""The doorbell: tells the workers that there is work, and never makes a request wait for it.

The job's row is the truth; a ring only saves the time until the sweeper would notice. So a ring that fails
is logged and forgotten. `Doorbell.ring`, which the API calls after its commit, does not even wait for the
broker: a thread of its own rings. However dead, frozen or slow the broker is, a `POST` is answered at the
same speed, and nothing piles up.
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from services import broker
from services.logs import get_logger

if TYPE_CHECKING:
    from kombu.connection import Connection

    from services.settings import Settings

log = get_logger(__name__)

#: Seconds for which an answer to "is the broker there" is good enough for everybody who asks.
ANSWER_SECONDS = 0.5


class Ringer:
    """Rings in the calling thread; one thread at a time.

    A call waits for the broker at most twice `broker_wait_seconds` (to connect, then to send), however many
    jobs it is given: it gives up at the first failure.
    """

    def __init__(self, settings: Settings) -> None:
        wait = settings.broker_wait_seconds
        # kombu tries again by itself unless told not to; a refused connection then costs two seconds.
        options = {"socket_timeout": wait, "max_retries": 0}
        self._app = broker.make_app(settings.broker_url, wait_seconds=wait, redis_options=options)
        self._connection: Connection | None = None

    def ring(self, job_ids: Sequence[str]) -> int:
        """Send one ring per job and return how many were sent. Never raises."""
        sent = 0
        try:
            for job_id in job_ids:
                self._app.send_task(
                    broker.TASK, args=(job_id,), connection=self._connected(), retry=False, ignore_result=True
                )
                sent += 1
        except Exception as error:
            # Anything: kombu, redis-py, amqp and the operating system have their own errors, and none of
            # them may reach a caller whose job is already safe in the store.
            log.warning("ring failed; the sweeper will ring", jobs=len(job_ids) - sent, error=str(error))
            self.close()
        return sent

    def waiting(self) -> int | None:
        """Return how many rings nobody answered yet, None if the broker does not say. Never raises."""
        try:
            # Declared as Celery declares it, and not `passive`: kombu forgets the key prefix there and would
            # never find the queue.
            channel = self._connected().default_channel
            return int(channel.queue_declare(broker.QUEUE, durable=True, auto_delete=False).message_count)
        except Exception as error:
            log.warning("the broker does not answer", error=str(error))
            self.close()
            return None

    def close(self) -> None:
        """Close the connection; the next ring makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.release()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._app.connection_for_write()
        return self._connection


class Doorbell:
    """Rings in the background; for any number of threads. Starts its thread at the first ring."""

    def __init__(self, settings: Settings) -> None:
        self._ringer = Ringer(settings)
        self._asker = Ringer(settings)
        self._asking = threading.Lock()
        self._asked = -math.inf
        self._answered = False
        self._pending: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def ring(self, job_ids: Iterable[str]) -> None:
        """Have one ring sent per job, soon. Returns at once and never raises."""
        for job_id in job_ids:
            self._pending.put(job_id)
        self._start()

    def answers(self) -> bool:
        """Return whether the broker answers. However many ask, they wait for it once; never raises."""
        with self._asking:
            if time.monotonic() - self._asked >= ANSWER_SECONDS:
                self._answered = self._asker.waiting() is not None
                self._asked = time.monotonic()
            return self._answered

    def close(self) -> None:
        """End the thread and the connections; rings not yet sent are left to the sweeper."""
        self._closing.set()
        if self._thread is not None:
            self._pending.put("")  # nobody's ring: only wakes the thread
            self._thread.join()
        self._ringer.close()
        with self._asking:
            self._asker.close()

    def _start(self) -> None:
        # Lazily, because a server may fork between making the doorbell and ringing it: after a fork the
        # thread is not alive in the child, which then starts its own.
        if self._thread is not None and self._thread.is_alive():
            return
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._ring_all, name="doorbell", daemon=True)
                self._thread.start()

    def _ring_all(self) -> None:
        while not self._closing.is_set():
            job_id = self._pending.get()
            if job_id and not self._ringer.ring([job_id]):
                self._drop_all()

    def _drop_all(self) -> None:
        """Forget the rings that wait: each would wait for the broker as long as the one that just failed."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._pending.get_nowait()
