"""Before anything is started: one service to a folder, one to a port, and a readable line otherwise."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from services.embedded import folder, ports
from services.embedded.failure import CannotServe

HOLDER = """
import pathlib, sys
from services.embedded import folder
with folder.locked(pathlib.Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_second_service_on_a_folder_is_refused_with_the_first_ones_process_id(tmp_path: Path) -> None:
    with (
        _holder(tmp_path) as holder,
        pytest.raises(CannotServe, match=rf"in use by another .*process {holder.pid}\)"),
        folder.locked(tmp_path),
    ):
        pass


def test_a_killed_service_leaves_no_lock_behind(tmp_path: Path) -> None:
    with _holder(tmp_path) as holder:
        holder.kill()
        holder.wait()
        with folder.locked(tmp_path):
            pass


def test_the_folder_is_made(tmp_path: Path) -> None:
    with folder.locked(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CannotServe, match=r"^cannot use the data folder .*: Not a directory$"),
        folder.locked(tmp_path / "file" / "below"),
    ):
        pass


def test_a_port_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(
            CannotServe, match=rf"^port {port} on 127.0.0.1 is in use; choose another with --port$"
        ):
            ports.free_port("127.0.0.1", port)


def test_port_0_is_any_free_port() -> None:
    port = ports.free_port("127.0.0.1", 0)
    assert ports.free_port("127.0.0.1", port) == port > 0


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(CannotServe, match=r"^cannot listen on 192\.0\.2\.1 port 8000: "):
        ports.free_port("192.0.2.1", 8000)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("example.org", "http://example.org:80"),
    ],
)
def test_the_address_shown_can_be_opened_in_a_browser(host: str, url: str) -> None:
    assert ports.url(host, 80) == url


def _holder(path: Path) -> subprocess.Popen[bytes]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"locked\n"
    return holder
