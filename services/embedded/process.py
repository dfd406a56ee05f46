"""One child process of the supervisor: started, looked after, started again, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from services import leash

#: A process that lived this many seconds was well, and is started again at once.
WELL_SECONDS = 3.0
#: Seconds until a process that was not well is started again; doubled each time.
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class Program:
    """What to run: a name for people, the command line, variables on top of this process's environment.

    `prepare` is called before each start, with the number of early deaths in a row.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[int], None] = lambda _early_deaths: None


class Process:
    """A program that is to be running. `early_deaths` counts those in a row."""

    def __init__(self, program: Program) -> None:
        self.name = program.name
        self.early_deaths = 0
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._next_start = 0.0

    @property
    def pid(self) -> int | None:
        """Its process id, while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def keep_running(self) -> str | None:
        """Start it if it does not run and it is time to; return how it ended, in words, once."""
        if self.pid is not None:
            return None
        ended = None
        if self._process is not None:
            ended = _in_words(self._process.returncode)
            self.kill()
            self._process = None
            self._plan_next_start()
        if time.monotonic() >= self._next_start:
            self._start()
        return ended

    def ask_to_end(self) -> None:
        """Send SIGTERM, if it runs."""
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """End it, and whatever it started and left behind: the whole process group."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _start(self) -> None:
        self._program.prepare(self.early_deaths)
        self._started = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 (the commands are ours)
            self._program.command,
            env={**os.environ, **self._program.environment},
            stdin=subprocess.DEVNULL,
            # Celery announces its end on standard output; our logs go to standard error.
            stdout=subprocess.DEVNULL,
            # A session of its own: Ctrl-C reaches the supervisor only, which ends the others in order.
            start_new_session=True,
            # Safe here: the supervisor has no other threads.
            preexec_fn=leash.arrange_in_child if sys.platform == "linux" else None,
        )

    def _plan_next_start(self) -> None:
        now = time.monotonic()
        if now - self._started >= WELL_SECONDS:
            self.early_deaths = 0
            self._next_start = now
        else:
            self._next_start = now + min(FIRST_PAUSE_SECONDS * 2**self.early_deaths, LONGEST_PAUSE_SECONDS)
            self.early_deaths += 1


def _in_words(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
