"""The real server waits for no client for ever, whether it sends too slowly or does not read its answer."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.settings import Settings
from tests.api.long_curve import connect, long_job
from tests.api.test_server import _POST, BODY, SOON, Server, _children
from tests.support.waiting import until

pytestmark = pytest.mark.service

#: Seconds that a client of these servers may be silent, and that a whole body may take.
SILENCE = 1.0
WHOLE = 4.0
THREADS = 4

_ANNOUNCED = _POST + b"Content-Length: %d\r\n\r\n" % len(BODY)
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"client_silence_seconds": SILENCE, "client_whole_seconds": WHOLE, "api_threads": THREADS}
    server = Server(tmp_path_factory.mktemp("server"), **settings)
    yield server
    server.process.terminate()
    assert server.process.wait(SOON) == 0


@pytest.fixture
def narrow_server(tmp_path: Path) -> Iterator[Server]:
    """A server with one place for a stream, and the usual patience unless the test is about silence."""
    server = Server(tmp_path, limits_streams=1)
    yield server
    server.process.kill()
    server.process.wait()


def _answer(connection: socket.socket) -> tuple[bytes, bytes]:
    """Read until the server closes the connection; return the HTTP status and all of the answer."""
    connection.settimeout(SOON * 2)
    answer = b""
    while got := connection.recv(65_536):
        answer += got
    return answer.split()[1], answer


def _send_slowly(connection: socket.socket, parts: list[bytes], pause: float) -> None:
    """Send one part after the other, until the server answers."""
    for part in parts:
        if select.select([connection], [], [], pause)[0]:
            return
        with contextlib.suppress(OSError):
            connection.sendall(part)


def _chunks(body: bytes, size: int) -> list[bytes]:
    pieces = [body[begin : begin + size] for begin in range(0, len(body), size)]
    return [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces] + [b"0\r\n\r\n"]


@pytest.mark.parametrize("head", [_ANNOUNCED, _CHUNKED], ids=["announced", "chunked"])
def test_a_stuck_body_is_answered_408_and_its_connection_closed(server: Server, head: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(head + (b"{" if head is _ANNOUNCED else b"1\r\n{\r\n"))
        status, answer = _answer(connection)
    assert status == b"408"
    assert b"application/problem+json" in answer
    assert b"/problems/body_too_slow" in answer


def test_a_client_that_sends_nothing_of_its_body_is_answered_408(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(_ANNOUNCED)
        assert _answer(connection)[0] == b"408"


def test_stuck_bodies_never_take_the_last_thread_and_give_back_theirs(server: Server) -> None:
    """Three such clients used to silence an API of two threads for ever."""
    with contextlib.ExitStack() as stack:
        stuck = [stack.enter_context(server.connect()) for _ in range(5 * THREADS)]
        for connection in stuck:
            connection.sendall(_ANNOUNCED + b"{")
        while not select.select(stuck[:1], [], [], 0)[0]:  # until the first is answered
            began = time.monotonic()
            assert server.ask("GET", "/healthz")[0] == 200
            assert time.monotonic() - began < SILENCE, "no stuck body was waited for"
        statuses = [_answer(connection)[0] for connection in stuck]
    assert set(statuses) == {b"408", b"503"}
    assert statuses.count(b"408") >= THREADS - 1
    server.submit()


def test_a_body_that_is_refused_unread_does_not_keep_its_connection(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(_ANNOUNCED.replace(b"application/json", b"text/html") + b"{")
        assert _answer(connection)[0] == b"415"


@pytest.mark.parametrize("head", [_ANNOUNCED, _CHUNKED], ids=["announced", "chunked"])
def test_a_body_that_comes_byte_by_byte_is_answered_408_in_the_end(server: Server, head: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(head)
        began = time.monotonic()
        parts = _chunks(BODY, 1) if head is _CHUNKED else [bytes([byte]) for byte in BODY]
        _send_slowly(connection, parts, SILENCE / 10)
        assert _answer(connection)[0] == b"408"
        assert WHOLE <= time.monotonic() - began < WHOLE + SOON


@pytest.mark.parametrize("is_chunked", [False, True], ids=["announced", "chunked"])
def test_a_body_that_is_slow_within_the_limits_is_accepted(server: Server, is_chunked: bool) -> None:
    size = len(BODY) // 15 + 1
    pieces = [BODY[begin : begin + size] for begin in range(0, len(BODY), size)]
    with server.connect() as connection:
        connection.sendall(_CHUNKED if is_chunked else _ANNOUNCED)
        began = time.monotonic()
        _send_slowly(connection, _chunks(BODY, size) if is_chunked else pieces, SILENCE / 10)
        assert time.monotonic() - began > SILENCE, "it took longer than one silence"
        assert connection.recv(100).split()[1] == b"202"


def test_a_connection_that_asks_for_nothing_is_closed(server: Server) -> None:
    for beginning in (b"", b"PRI", b"GET /healthz HTTP/1.1\r\n"):
        with server.connect() as connection:
            connection.sendall(beginning)
            connection.settimeout(SOON)
            with contextlib.suppress(ConnectionResetError):
                while connection.recv(100):
                    pass


def _ask_and_never_read(server: Server, path: str, times: int = 1) -> socket.socket:
    connection = connect(server, is_lazy=True)
    connection.settimeout(SOON)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * times)
    assert connection.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200", "the answer has begun, and stays unread"
    return connection


def _has_room(server: Server, path: str) -> bool:
    """Whether one more event stream is accepted."""
    with server.connect() as connection:
        connection.sendall(f"GET {path}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return connection.recv(100).split()[1] == b"200"


def test_a_reader_that_never_reads_gives_its_place_back(tmp_path: Path) -> None:
    server = Server(tmp_path, limits_streams=1, client_silence_seconds=SILENCE)
    path = long_job(server, tmp_path)
    with _ask_and_never_read(server, f"{path}/events"):
        until(lambda: not _has_room(server, path), "its place is taken")
        until(lambda: _has_room(server, path), "its place is free", SILENCE + SOON)
    server.process.terminate()
    assert server.process.wait(SOON) == 0


def _server_side(server: Server, client: socket.socket) -> int | None:
    """Return how many bytes the server has to send on a connection; None if it is not established."""
    (child,) = _children(server.process.pid)
    port = f":{client.getsockname()[1]:04X}"
    for line in Path(f"/proc/{child}/net/tcp").read_text().splitlines()[1:]:
        _, _, remote, state, queues, *_ = line.split()
        if remote.endswith(port) and state == "01":
            return int(queues.partition(":")[0], 16)
    return None


def _until_stalled(server: Server, client: socket.socket) -> None:
    """Wait until all buffers are full: the server has the same bytes to send, look after look."""
    looks: list[int | None] = []

    def is_stalled() -> bool:
        looks.append(_server_side(server, client))
        return len(looks) > 30 and bool(looks[-1]) and len(set(looks[-30:])) == 1

    until(is_stalled, "the buffers are full")


#: So long an answer, asked for so often, is more than all buffers.
_LONG_ANSWER, _OFTEN = "loss-curve?limit=100000", 10


def test_an_answer_that_is_never_read_ends_with_its_connection(tmp_path: Path) -> None:
    """The thread is free as soon as the server has the answer; connection and memory are not."""
    server = Server(tmp_path, client_silence_seconds=2 * SILENCE)
    path = long_job(server, tmp_path)
    with _ask_and_never_read(server, f"{path}/{_LONG_ANSWER}", _OFTEN) as connection:
        _until_stalled(server, connection)
        until(lambda: _server_side(server, connection) is None, "the connection is cut", SILENCE + SOON)
    server.process.terminate()
    assert server.process.wait(SOON) == 0


def test_a_reader_that_goes_away_gives_its_place_back_at_once(narrow_server: Server) -> None:
    """And not when the next comment, after 15 seconds, cannot be sent."""
    path, _ = narrow_server.submit()
    with narrow_server.connect() as reader:
        reader.sendall(f"GET {path}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert reader.recv(100).split()[1] == b"200"
        assert not _has_room(narrow_server, path)
    until(lambda: _has_room(narrow_server, path), "its place is free", 5.0)


def test_clients_that_do_nothing_do_not_hold_up_the_end(narrow_server: Server, tmp_path: Path) -> None:
    path = long_job(narrow_server, tmp_path)
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(_ask_and_never_read(narrow_server, f"{path}/events"))
        answer = stack.enter_context(_ask_and_never_read(narrow_server, f"{path}/{_LONG_ANSWER}", _OFTEN))
        stack.enter_context(narrow_server.connect()).sendall(_ANNOUNCED + b"{")
        for client in (stream, answer):
            _until_stalled(narrow_server, client)
        began = time.monotonic()
        narrow_server.process.send_signal(signal.SIGTERM)
        assert narrow_server.process.wait(2 * SOON) == 0
        assert time.monotonic() - began < Settings().shutdown_seconds / 2
