"""The clients' connections of this process, seen from outside the server: which of them takes nothing.

The server hands an answer to the system and waits until all of it is taken, for ever. Nobody tells us of
that, so this looks at the sockets.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from services.logs import get_logger

log = get_logger(__name__)

Address = tuple[str, int]

#: Seconds that a client may take nothing once the service is to end.
LAST_SECONDS = 1.0

#: Every open file of a process.
_FILES = Path("/dev/fd")

#: Linux's `struct tcp_info`: bytes that the other side has acknowledged (`tcpi_bytes_acked`).
_TCP_INFO_BYTES = 128
_TCP_INFO_ACKNOWLEDGED = 120


@dataclass(frozen=True, slots=True)
class _Connection:
    """What a look at an open file has shown: bytes that wait for the client, and that it has taken."""

    file: int
    address: Address
    waiting: int
    taken: int


class Connections:
    """Finds connections and ends them. `port` is where this process listens, once that is known."""

    def __init__(self) -> None:
        self.port = 0
        self._stalled: dict[Address, tuple[int, float]] = {}

    def cut(self, client: tuple[str, str]) -> None:
        """End the connection of a client at once, unfinished as it is."""
        address = _address((client[0], int(client[1])))
        for connection in self._all():
            if connection.address == address:
                _end(connection)

    def cut_stalled(self, seconds: float) -> None:
        """End the connections whose client has taken nothing of what waits for it, for so long."""
        now = time.monotonic()
        stalled: dict[Address, tuple[int, float]] = {}
        for connection in self._all():
            if not connection.waiting:
                continue
            taken, since = self._stalled.get(connection.address, (connection.taken, now))
            if taken != connection.taken:
                since = now
            if now - since >= seconds:
                log.warning("connection cut: its client takes nothing", client=connection.address[0])
                _end(connection)
            else:
                stalled[connection.address] = (connection.taken, since)
        self._stalled = stalled

    def _all(self) -> Iterator[_Connection]:
        for file in _FILES.iterdir():
            with contextlib.suppress(OSError):
                connection = _look(int(file.name), self.port)
                if connection is not None:
                    yield connection


def _look(file: int, port: int) -> _Connection | None:
    """Look at an open file of this process, and leave it open.

    A process that closes a file, even a duplicate, loses its locks on it, and SQLite is made of such locks.
    """
    found = socket.socket(fileno=file)  # OSError: not a socket
    try:
        if found.family not in (socket.AF_INET, socket.AF_INET6) or found.getsockname()[1] != port:
            return None
        return _Connection(file, _address(found.getpeername()), _waiting_bytes(found), _taken_bytes(found))
    finally:
        found.detach()


def _address(name: tuple[str, int]) -> Address:
    """Return an address in the one spelling that can be compared."""
    return str(ip_address(name[0].partition("%")[0])), name[1]


def _end(connection: _Connection) -> None:
    """End a connection, if the file is still that one: the server may have closed it meanwhile."""
    with contextlib.suppress(OSError):
        own = os.dup(connection.file)
        if not stat.S_ISSOCK(os.fstat(own).st_mode):
            return  # the number is another file's now; better one open file too many than its locks lost
        with socket.socket(fileno=own) as mine:
            if _address(mine.getpeername()) == connection.address:
                mine.shutdown(socket.SHUT_RDWR)


if sys.platform == "linux":
    import fcntl
    import termios

    def _waiting_bytes(connection: socket.socket) -> int:
        """Return how many bytes were sent and not acknowledged yet."""
        answer = fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4))
        return int.from_bytes(answer, sys.byteorder)

    def _taken_bytes(connection: socket.socket) -> int:
        """Return how many bytes the other side has acknowledged since the beginning."""
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        (taken,) = struct.unpack_from("=Q", info, _TCP_INFO_ACKNOWLEDGED)
        return int(taken)

else:

    def _waiting_bytes(_connection: socket.socket) -> int:
        """Return 0: this system does not tell. What is streamed still has its time (`Client.send`)."""
        return 0

    def _taken_bytes(_connection: socket.socket) -> int:
        return 0
