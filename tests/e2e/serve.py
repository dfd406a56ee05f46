"""`gradqueue serve` as a person starts it, with everything a little quicker."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from gradqueue import Client
from tests.faults.parts import tree
from tests.faults.parts.part import Part
from tests.faults.parts.ports import free_port
from tests.faults.parts.stack import SETTINGS

COMMAND = str(Path(sys.executable).with_name("gradqueue"))


class Serve(Part):
    """The whole service in one command, on a data folder in `folder`."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = folder / "data"
        command = [COMMAND, "serve", "--port", str(self.port), "--data", str(self.data), "--workers", "2"]
        super().__init__("serve", command, folder=folder, environment={**SETTINGS, **settings})
        self.client = Client(self.url)

    def is_answering(self) -> bool:
        """Whether it can take and train jobs, by its own word."""
        return self.client.ready()

    def discard(self) -> None:
        """End it, however it is."""
        self.client.close()
        super().discard()

    def child(self, *words: str) -> int:
        """Return the process id of the supervisor's child whose command line has all of `words`."""
        (found,) = self.children_with(*words)
        return found

    def children_with(self, *words: str) -> set[int]:
        """Return the process ids of all such children: none while one is started again."""
        return {pid for pid in self.children() if all(word in _command(pid) for word in words)}

    def brokers(self) -> set[int]:
        """Return the process id of the broker, if it runs just now."""
        return self.children_with("unixsocket")

    @property
    def broker_process(self) -> int:
        (found,) = self.brokers()
        return found

    @property
    def api_process(self) -> int:
        return self.child("services.embedded.child", "api")

    @property
    def worker_process(self) -> int:
        return self.child("services.embedded.child", "worker")

    def training_processes(self) -> Sequence[int]:
        """Return the worker's pool processes."""
        return tree.children(self.worker_process)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""
