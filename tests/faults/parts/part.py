"""One part of the service as real processes: started, stopped, killed, frozen, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.faults.parts import tree
from tests.faults.parts.waiting import wait_until

_TETHER = str(Path(__file__).with_name("tether.py"))

#: Seconds until a started part must answer, on a machine that is busy with other tests.
START_SECONDS = 90.0
#: Seconds that a part may take to end after it was asked to.
END_SECONDS = 60.0


class Part(ABC):
    """A command and all processes that come from it.

    Start parts in the main thread: they die with the thread that started them.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        user: str = "",
    ) -> None:
        self.name = name
        self.command = list(command)
        self.environment = dict(environment or {})
        self.log = folder / f"{name}.log"
        self._folder = folder
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self._is_hurt = False

    @abstractmethod
    def is_answering(self) -> bool:
        """Whether the part does what it is there for."""

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def ended_by_itself(self) -> bool:
        """Whether the part was started and ended, and nobody here ended it."""
        return self._process is not None and not self.is_running and not self._is_hurt

    @property
    def exit_code(self) -> int | None:
        """The exit code of a part that ended, negative for a signal; None while it runs."""
        return None if self._process is None else self._process.poll()

    def start(self, *arguments: str, wait: bool = True) -> None:
        """Start the command, with further arguments if any, and wait until it answers."""
        assert not self.is_running, f"{self.name} runs already"
        self.discard()
        self._is_hurt = False
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, _TETHER, str(os.getpid()), self._user, *self.command, *arguments],
                cwd=self._folder,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        if wait:
            self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        def answers_or_ended() -> bool:
            return not self.is_running or self.is_answering()

        wait_until(answers_or_ended, START_SECONDS, f"{self.name} answers", self.tail)
        assert self.is_running, f"{self.name} ended with {self.exit_code}:\n{self.tail()}"

    def processes(self) -> list[int]:
        """Every process of the part that is alive, the first one first."""
        return [self.pid, *tree.descendants(self.pid)] if self.is_running else []

    def children(self) -> list[int]:
        """The processes that the part's own process started."""
        return tree.children(self.pid) if self.is_running else []

    def kill(self) -> None:
        """End every process of the part at once with SIGKILL, as a power cut does."""
        self._is_hurt = True
        family = self.processes()
        for pid in family:
            _send(pid, signal.SIGKILL)
        self._reap(family)

    def kill_main(self) -> None:
        """SIGKILL the first process only, and wait until the others have noticed."""
        self._is_hurt = True
        family = self.processes()
        _send(self.pid, signal.SIGKILL)
        self._reap(family)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask the part to end and wait until it did."""
        self._is_hurt = True
        if self.is_running:
            family = self.processes()
            self.thaw()
            _send(self.pid, number)
            self._reap(family)

    def freeze(self) -> None:
        """SIGSTOP every process: nothing is lost, nothing answers."""
        for pid in self.processes():
            _send(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self.processes():
            _send(pid, signal.SIGCONT)

    def discard(self) -> None:
        """End what is left of the part, however it is."""
        if self.is_running:
            self.kill()
        if self._process is not None:
            # Its first process may have ended and left others behind, stopped ones for instance.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def tail(self, lines: int = 30) -> str:
        """The end of what the part wrote, for the message of a failing test."""
        if not self.log.exists():
            return "(nothing was written)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _reap(self, family: Sequence[int]) -> None:
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        try:
            wait_until(
                lambda: not any(map(tree.exists, family)), END_SECONDS, f"all of {self.name} ended", self.tail
            )
        finally:
            for pid in filter(tree.exists, family):
                _send(pid, signal.SIGKILL)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
