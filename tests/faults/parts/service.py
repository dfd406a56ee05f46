"""The parts of the service itself: API and worker, as `gradqueue` runs them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.faults.parts import sql
from tests.faults.parts.part import Part
from tests.faults.parts.ports import free_port


@dataclass(frozen=True, slots=True)
class Start:
    """How to start a part: options of `tests.faults.entry`, where its log goes, and its settings.

    `database_url` leads to the store directly, whatever the part's own way to it is.
    """

    entry: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    database_url: str


class Service(Part):
    """A command of `gradqueue`, with a fault built in if `start.entry` asks for one."""

    def __init__(self, name: str, command: Sequence[str], start: Start) -> None:
        whole = [sys.executable, "-m", "tests.faults.entry", *start.entry, "--", *command]
        super().__init__(name, whole, folder=start.folder, environment=start.environment)


class Api(Service):
    """One API process, which comes back at the same port."""

    def __init__(self, name: str, start: Start) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        super().__init__(name, ["api", "--port", str(port)], start)

    def is_answering(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=2).ok
        except requests.RequestException:
            return False


class Worker(Service):
    """One worker with its training processes."""

    def __init__(self, name: str, start: Start) -> None:
        super().__init__(name, ["worker"], start)
        self._database_url = start.database_url

    def is_answering(self) -> bool:
        # It has signed on. The name in the store ends with the number of the main process.
        name = f"%:{self.pid}"
        return bool(sql.rows(self._database_url, "SELECT 1 FROM workers WHERE name LIKE :name", name=name))
