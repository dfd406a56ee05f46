"""The real server: slow and silent clients hold nobody up, nothing is cut short, the end is clean."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from services.store.migrate import upgrade
from tests.support.requests import TUTORIAL
from tests.support.waiting import is_alive, until

pytestmark = pytest.mark.service

#: Seconds that are long enough for anything that should happen at once, on a busy machine.
SOON = 10.0

BODY = json.dumps(TUTORIAL).encode()
JSON = {"Content-Type": "application/json"}

#: How a request with a JSON body begins, up to the header that says how long it is.
_POST = b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

_RUN = """
import os, sys
from services.api.server import run
from services.settings import Settings
sys.exit(run(Settings.from_environment(os.environ)))
"""


class Server:
    """An API process on a free port, with a database of its own and no broker."""

    def __init__(self, folder: Path, **settings: object) -> None:
        upgrade(f"sqlite:///{folder}/gradqueue.db")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            "GRADQUEUE_DATA_FOLDER": str(folder),
            "GRADQUEUE_PORT": str(self.port),
            "GRADQUEUE_BROKER_URL": "redis://127.0.0.1:1/0",
            "GRADQUEUE_LIMITS_BODY_BYTES": "100000",
        } | {f"GRADQUEUE_{name.upper()}": str(value) for name, value in settings.items()}
        self.process = subprocess.Popen([sys.executable, "-c", _RUN], env=os.environ | environment)
        until(lambda: self.is_listening() or self.process.poll() is not None, "the server listens", 60.0)
        assert self.process.poll() is None, "the server ended"

    def is_listening(self) -> bool:
        with contextlib.suppress(OSError):
            return self.ask("GET", "/healthz")[0] == 200
        return False

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60.0)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            content = response.read()
            return response.status, response.headers, json.loads(content) if content else None
        finally:
            connection.close()

    def ask_json(self, method: str, path: str, body: Any) -> tuple[int, http.client.HTTPMessage, Any]:
        return self.ask(method, path, json.dumps(body).encode(), JSON)

    def submit(self) -> tuple[str, str]:
        """Submit a job and return its path and tag."""
        status, headers, _ = self.ask("POST", "/v1/jobs", BODY, JSON)
        assert status == 202
        return headers["Location"], headers["ETag"]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=SOON)

    def raw(self, request: bytes) -> bytes:
        """Send bytes and return the first line of the answer."""
        with self.connect() as connection:
            with contextlib.suppress(OSError):
                connection.sendall(request)
            return connection.recv(100).split(b"\r\n")[0]


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    if not path.exists():
        pytest.skip("needs Linux's /proc")
    return [int(child) for child in path.read_text().split()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.process.terminate()
    assert server.process.wait(SOON) == 0


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may end."""
    server = Server(tmp_path)
    yield server
    server.process.kill()
    server.process.wait()


def test_slow_bodies_hold_nobody_up(server: Server) -> None:
    with contextlib.ExitStack() as slow:
        for _ in range(50):
            slow.enter_context(server.connect()).sendall(_POST + b"Content-Length: 1000\r\n\r\n{")
        began = time.monotonic()
        for _ in range(10):
            assert server.ask("GET", "/healthz")[0] == 200
        server.submit()
        assert time.monotonic() - began < SOON / 2


def test_200_long_polls_hold_nobody_up_and_are_all_answered(server: Server) -> None:
    path, tag = server.submit()
    with ThreadPoolExecutor(200) as pool:
        polls = [
            pool.submit(server.ask, "GET", f"{path}?wait=60", headers={"If-None-Match": tag})
            for _ in range(200)
        ]
        began = time.monotonic()
        for _ in range(10):
            assert server.ask("GET", path)[0] == 200
        assert time.monotonic() - began < SOON / 2
        assert not any(poll.done() for poll in polls)
        assert server.ask("POST", f"{path}/cancel")[0] == 200
        assert {poll.result(timeout=SOON)[2]["status"] for poll in polls} == {"cancelled"}


def test_a_chunked_body_is_read_to_its_end_or_refused_but_never_cut(server: Server) -> None:
    def post(body: bytes) -> bytes:
        pieces = [body[start : start + 1000] for start in range(0, len(body), 1000)]
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        return server.raw(_POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")

    assert post(BODY.ljust(100_000)).split()[1] == b"202"
    assert post(BODY.ljust(100_001)).split()[1] == b"413"
    assert post(BODY.ljust(1_000_000)).split()[1] == b"413"


def test_a_chunked_csv_file_over_the_limit_is_never_a_smaller_dataset(server: Server) -> None:
    """Cut at a line's end it would be a perfect one."""
    head = _POST.replace(b"/v1/jobs", b"/v1/datasets").replace(b"application/json", b"text/csv")

    def post(rows: int) -> bytes:
        lines = b"a,b\n" + b"1,2\n" * rows
        return server.raw(
            head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(lines), lines)
        ).split()[1]

    assert post(24_999) == b"201"
    before = server.ask("GET", "/v1/datasets")[2]["data"]
    for rows in (25_000, 250_000):
        assert post(rows) == b"413"
    assert server.ask("GET", "/v1/datasets")[2]["data"] == before


def test_a_chunked_csv_file_that_breaks_off_at_the_end_of_a_line_is_no_smaller_dataset(
    server: Server,
) -> None:
    before = server.ask("GET", "/v1/datasets")[2]["data"]
    head = _POST.replace(b"/v1/jobs", b"/v1/datasets").replace(b"application/json", b"text/csv")
    lines = b"a,b\n" + b"1,2\n" * 10
    with server.connect() as connection:
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(lines), lines))
        connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            assert b"201" not in connection.recv(100).split(b"\r\n")[0]
    assert server.ask("GET", "/v1/datasets")[2]["data"] == before


def test_a_body_that_breaks_off_stores_nothing(server: Server) -> None:
    before = len(server.ask("GET", "/v1/jobs?limit=100")[2]["data"])
    with server.connect() as connection:
        connection.sendall(_POST + b"Content-Length: %d\r\n\r\n%s" % (len(BODY) + 1, BODY))
        connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            assert b"202" not in connection.recv(100).split(b"\r\n")[0]
    assert len(server.ask("GET", "/v1/jobs?limit=100")[2]["data"]) == before


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: " + b"a" * 1_000_000 + b"\r\n\r\n", b"431"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /v1/jobs/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"404"),
        (b"GET /v1/jobs/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"404"),
        (b"GET /v1/jobs/..%2f..%2fetc HTTP/1.1\r\nHost: localhost\r\n\r\n", b"404"),
        (b"TRACE /v1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n", b"405"),
        (_POST + b"\r\n", b"400"),
        (_POST + b"Content-Length: 99999999999\r\n\r\n", b"413"),
    ],
    ids=["long address", "long header", "nonsense", "NUL", "escape", "dots", "TRACE", "no body", "huge body"],
)  # fmt: skip
def test_odd_requests_have_an_answer(server: Server, request_: bytes, status: bytes) -> None:
    assert server.raw(request_).split()[1] == status


def test_sigterm_answers_those_who_wait_and_leaves_nothing_running(own_server: Server) -> None:
    path, tag = own_server.submit()
    children = _children(own_server.process.pid)
    with ThreadPoolExecutor(20) as pool:
        polls = [
            pool.submit(own_server.ask, "GET", f"{path}?wait=60", headers={"If-None-Match": tag})
            for _ in range(20)
        ]
        assert own_server.ask("GET", f"{path}?wait=1", headers={"If-None-Match": tag})[0] == 304
        own_server.process.send_signal(signal.SIGTERM)
        assert {poll.result(timeout=SOON)[0] for poll in polls} == {304}
    assert own_server.process.wait(SOON) == 0
    assert not own_server.is_listening()
    assert not any(is_alive(child) for child in children)


def test_a_server_killed_outright_leaves_nothing_running(own_server: Server) -> None:
    children = _children(own_server.process.pid)
    own_server.process.kill()
    own_server.process.wait()
    until(lambda: not any(is_alive(child) for child in children), "the server's child ends")
    assert not own_server.is_listening()
