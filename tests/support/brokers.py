"""A broker of one's own, to be killed, frozen and started again."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Self

from services.embedded.valkey import Valkey
from tests.support.waiting import until


class Broker:
    """A Valkey server in `folder`. It forgets everything when it is killed, unless `keeps` is true."""

    def __init__(self, folder: Path, *, keeps: bool = False) -> None:
        self._valkey = Valkey(folder)
        self._keeps = keeps
        self._process: subprocess.Popen[bytes] | None = None
        self.url = self._valkey.url

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._valkey.prepare(0)
        command = [*self._valkey.command(), *(() if self._keeps else ("--appendonly", "no"))]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(self._valkey.is_answering, "an answer of the broker")

    def kill(self) -> None:
        """End it with SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Stop it: connections stay, answers do not come."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._send(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)
