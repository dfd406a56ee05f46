"""Two hundred readers of event streams, half of which never read: the others do not notice, nothing stays."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.settings import Settings
from tests.api.long_curve import EPOCHS, connect, long_job
from tests.api.test_server import SOON, Server, _children
from tests.support.waiting import until

pytestmark = pytest.mark.service

READERS = 200
#: Seconds after which the server lets idle threads go, and some more.
THREADS_GO = 60.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.process.kill()
    server.process.wait()


@pytest.fixture
def path(server: Server, tmp_path: Path) -> str:
    """The address of a job that trains and has a long curve."""
    return long_job(server, tmp_path)


class Reader:
    """A reader of a job's events; a lazy one asks and never reads, with little room for what comes."""

    def __init__(self, server: Server, path: str, *, is_lazy: bool) -> None:
        self.socket = connect(server, is_lazy=is_lazy)
        self.socket.sendall(f"GET {path}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.last = b""
        self._thread = threading.Thread(target=self._read)
        if not is_lazy:
            self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while got := self.socket.recv(65_536):
                self.last = (self.last + got)[-200_000:]

    def has_all(self) -> bool:
        return b"id: %d." % EPOCHS in self.last

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        if self._thread.ident is not None:
            self._thread.join()


def _open_files(pid: int) -> int:
    return len([*Path(f"/proc/{pid}/fd").iterdir()])


def _threads(pid: int) -> int:
    return len([*Path(f"/proc/{pid}/task").iterdir()])


@pytest.mark.timeout(300)
def test_200_readers_of_which_half_never_read_hurt_nobody_and_leave_nothing(
    server: Server, path: str
) -> None:
    (child,) = _children(server.process.pid)
    for _ in range(20):  # so that every connection to the database that there may be is there
        assert server.ask("GET", path)[0] == 200
    files, threads = _open_files(child), _threads(child)

    readers = [Reader(server, path, is_lazy=bool(number % 2)) for number in range(READERS)]
    try:
        until(lambda: _threads(child) >= READERS, "all are served", 60.0)
        for _ in range(50):
            began = time.monotonic()
            assert server.ask("GET", path)[0] == 200
            assert time.monotonic() - began < SOON
        assert server.ask("GET", f"{path}/events")[0] == 503, "and there is no room for one more"
        until(lambda: all(reader.has_all() for reader in readers[::2]), "who reads gets all of it", 120.0)
    finally:
        for reader in readers:
            reader.close()

    connections = 3 * Settings().database_pool  # a file of SQLite's is three
    until(lambda: _open_files(child) <= files + connections, "the files are closed", THREADS_GO)
    until(lambda: _threads(child) <= threads + 20, "the threads are gone", THREADS_GO)
    again = Reader(server, path, is_lazy=False)
    until(again.has_all, "there is room again", SOON * 2)
    again.close()
