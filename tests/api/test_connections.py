"""Looking at the connections from outside the server disturbs nothing else that the process has open."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.api.connections import Connections
from tests.support.waiting import until

if not Path("/dev/fd").is_dir():
    pytest.skip("needs /dev/fd", allow_module_level=True)

_IS_LOCKED = """
import fcntl, sys
try:
    fcntl.lockf(open(sys.argv[1], "r+b"), fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit(0)
sys.exit("nobody holds the lock")
"""


def test_looking_at_connections_drops_no_lock_of_a_database(tmp_path: Path) -> None:
    """A process that closes a file, even a duplicate, loses its locks on it; SQLite is made of such locks."""
    path = tmp_path / "database"
    path.write_bytes(b"database")
    with path.open("r+b") as database:
        fcntl.lockf(database, fcntl.LOCK_EX)
        Connections().cut_stalled(60.0)
        Connections().cut(("127.0.0.1", "1"))
        subprocess.run([sys.executable, "-c", _IS_LOCKED, path], check=True, timeout=60)


def test_looking_at_connections_leaves_no_file_open() -> None:
    before = len([*Path("/dev/fd").iterdir()])
    for _ in range(20):
        Connections().cut_stalled(60.0)
    assert len([*Path("/dev/fd").iterdir()]) == before


@dataclass(frozen=True)
class Pair:
    """A client, and the server's side of its connection."""

    client: socket.socket
    server: socket.socket


@pytest.fixture
def connections() -> Iterator[tuple[Connections, Pair, Pair]]:
    """Two clients of a server, and what looks at them."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        found = Connections()
        found.port = listener.getsockname()[1]

        def connect() -> Pair:
            client = stack.enter_context(socket.create_connection(listener.getsockname(), timeout=10.0))
            return Pair(client, stack.enter_context(listener.accept()[0]))

        yield found, connect(), connect()


def test_cutting_a_client_ends_its_connection_and_no_other(
    connections: tuple[Connections, Pair, Pair],
) -> None:
    found, one, other = connections
    host, port = one.client.getsockname()
    found.cut((host, str(port)))
    assert one.client.recv(1) == b""
    other.server.sendall(b"x")
    assert other.client.recv(1) == b"x"


def _fill(connection: socket.socket) -> bool:
    """Send until there is no room; return whether the connection is cut."""
    connection.setblocking(False)
    try:
        while True:
            connection.send(b"x" * 65_536)
    except BlockingIOError:
        return False
    except OSError:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how far a client has come")
def test_a_connection_is_cut_when_its_client_takes_nothing_and_not_when_there_is_nothing_to_take(
    connections: tuple[Connections, Pair, Pair],
) -> None:
    found, stalled, idle = connections

    def is_cut() -> bool:
        found.cut_stalled(0.1)
        return _fill(stalled.server)

    assert not _fill(stalled.server)
    until(is_cut, "the connection is cut")
    idle.server.sendall(b"x")
    assert idle.client.recv(1) == b"x"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how far a client has come")
def test_a_connection_whose_client_takes_little_is_not_cut(
    connections: tuple[Connections, Pair, Pair],
) -> None:
    found, slow, _ = connections

    def is_over() -> bool:
        """Look, and have the client take something, for several times as long as it may take nothing."""
        assert not _fill(slow.server)
        slow.client.recv(1_000_000)
        found.cut_stalled(0.5)
        return time.monotonic() - began > 2.0

    began = time.monotonic()
    until(is_over, "four times as long as it may take nothing")
