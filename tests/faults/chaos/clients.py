"""Clients of a campaign: they submit, watch, cancel, pause and resume, each on its own, all the time."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.parts.stack import Stack

#: Seconds between two things that a client does.
_PACE_SECONDS = 0.3
#: Of a client's looks at a job, one in so many comes with an action.
_LOOKS_PER_ACTION = 60


class Accountable(threading.Thread):
    """A thread whose failure whoever waits for it is told."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            self.do()
        except BaseException as failure:
            self._failure = failure

    def do(self) -> None:
        """Do what the thread is for."""
        raise NotImplementedError

    def end(self) -> None:
        """Wait until it is over; raise what went wrong."""
        self.join()
        if self._failure is not None:
            raise self._failure


class Reader(Accountable):
    """Reads the events of a job to their end."""

    def __init__(self, stack: Stack, job_id: str) -> None:
        super().__init__(f"reader of {job_id}")
        self._stack, self._job_id = stack, job_id

    def do(self) -> None:
        with contextlib.closing(self._stack.client_of(self._stack.api)) as client:
            client.follow(self._job_id, self.name)


class Client(Accountable):
    """Has one job after the other trained, and watches it; until `stop`. A reader follows each one."""

    def __init__(self, stack: Stack, documents: Sequence[Mapping[str, Any]], seed: int) -> None:
        super().__init__(f"client {seed}")
        self._stack = stack
        self._documents = documents
        self._numbers = random.Random(seed)
        self._stopped = threading.Event()
        self._readers: list[Reader] = []

    def do(self) -> None:
        with contextlib.closing(self._stack.client_of(self._stack.api)) as self._client:
            while not self._stopped.is_set():
                self._have_one_trained()

    def stop(self) -> None:
        """End after what is under way; raise what went wrong."""
        self._stopped.set()
        self.end()

    def read_to_the_end(self) -> None:
        """Wait until the events of all jobs have been read; raise what went wrong."""
        for reader in self._readers:
            reader.end()

    def _have_one_trained(self) -> None:
        document = self._numbers.choice(self._documents)
        job_id = self._client.submit(document)
        self._stack.expect(job_id, document)
        self._readers.append(Reader(self._stack, job_id))
        self._readers[-1].start()
        epoch = 0
        while not self._stopped.wait(_PACE_SECONDS):
            job = self._client.job(job_id)
            epoch = self._client.curve(job_id, after_epoch=epoch)
            if job["is_terminal"]:
                break
            if job["status"] == "paused":
                self._client.act(job_id, "resume")
            elif self._numbers.randrange(_LOOKS_PER_ACTION) == 0:
                self._client.act(job_id, self._numbers.choice(["cancel", "pause"]))
