"""The body of a request as a file that a thread reads."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

    from services.api.client import Client

_BUFFER_BYTES = 64 * 1024


def upload(client: Client) -> io.BufferedReader:
    """Return what a client sends. Reading raises `TooSlow` and `Gone`."""
    return io.BufferedReader(_Upload(client), _BUFFER_BYTES)


class _Upload(io.RawIOBase):
    def __init__(self, client: Client) -> None:
        self._client = client
        self._rest = memoryview(b"")
        self._is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._rest and not self._is_over:
            self._rest = memoryview(self._client.read())
            self._is_over = not self._rest
        room = memoryview(buffer).cast("B")
        count = min(len(room), len(self._rest))
        room[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
