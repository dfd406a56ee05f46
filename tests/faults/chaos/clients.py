"""Clients of a campaign: they submit, watch, cancel, pause and resume, each on its own, all the time."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.parts.stack import Stack

#: Seconds between two things that a client does.
_PACE_SECONDS = 0.3
#: Of a client's looks at a job, one in so many comes with an action.
_LOOKS_PER_ACTION = 60


class Accountable(threading.Thread):
    """A thread whose failure whoever waits for it is told."""

    def __init__(self, name: str, do: Callable[[], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._do = do
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._do()
        except BaseException as failure:
            self._failure = failure

    def end(self) -> None:
        """Wait until it is over; raise what went wrong."""
        self.join()
        if self._failure is not None:
            raise self._failure


class Client(Accountable):
    """Has one job after the other trained, and watches it; until `stop`. A reader follows each one."""

    def __init__(self, stack: Stack, documents: Sequence[Mapping[str, Any]], seed: int) -> None:
        super().__init__(f"client {seed}", self._have_jobs_trained)
        self._stack = stack
        self._documents = documents
        self._numbers = random.Random(seed)
        self._stopped = threading.Event()
        self._readers: list[Accountable] = []

    def stop(self) -> None:
        """End after what is under way; raise what went wrong."""
        self._stopped.set()
        self.end()

    def read_to_the_end(self) -> None:
        """Wait until the events of all jobs have been read; raise what went wrong."""
        for reader in self._readers:
            reader.end()

    def _have_jobs_trained(self) -> None:
        with contextlib.closing(self._stack.client_of(self._stack.api)) as self._client:
            while not self._stopped.is_set():
                self._have_one_trained()

    def _have_one_trained(self) -> None:
        document = self._numbers.choice(self._documents)
        job_id = self._client.submit(document)
        self._stack.expect(job_id, document)
        reader = Accountable(f"reader of {job_id}", partial(_read_events, self._stack, job_id))
        self._readers.append(reader)
        reader.start()
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


def _read_events(stack: Stack, job_id: str) -> None:
    with contextlib.closing(stack.client_of(stack.api)) as client:
        client.follow(job_id, f"reader of {job_id}")
