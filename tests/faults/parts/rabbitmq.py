"""RabbitMQ as a broker of one's own: an Erlang node with its files in a folder, and its name daemon."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from tests.faults.parts.part import Part
from tests.faults.parts.ports import free_port

#: Debian's package has the script that changes the user on the PATH, and the plain one here.
_SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def program() -> str | None:
    """Return the path of the server's script, if there is one."""
    return str(_SCRIPT) if _SCRIPT.exists() else shutil.which("rabbitmq-server")


class _Daemon(Part):
    """Erlang's `epmd`, on a port of its own; a node would otherwise leave one behind."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        super().__init__("epmd", ["epmd", "-port", str(port), "-address", "127.0.0.1"], folder=folder)

    def is_answering(self) -> bool:
        return _listens(self.port)


class Rabbitmq(Part):
    """One RabbitMQ server. It keeps what is durable in `folder` when it is stopped or killed."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._daemon = _Daemon(folder, free_port())
        plugins = folder / "plugins"
        plugins.write_text("[].\n")
        environment = {
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"gradqueue{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "database"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_CONFIG_FILE": str(folder / "no-configuration"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "ERL_EPMD_PORT": str(self._daemon.port),
        }
        super().__init__("rabbitmq", [program() or ""], folder=folder, environment=environment)

    def start(self, *arguments: str, wait: bool = True) -> None:
        """Start the daemon, if it does not run, and the server."""
        if not self._daemon.is_running:
            self._daemon.start()
        super().start(*arguments, wait=wait)

    def close(self) -> None:
        """End the server and the daemon."""
        self.discard()
        self._daemon.discard()

    def is_answering(self) -> bool:
        return _listens(self.port)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
