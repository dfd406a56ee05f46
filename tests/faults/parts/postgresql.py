"""A PostgreSQL server of the test's own, to kill and to freeze."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from tests.faults.parts.part import Part
from tests.faults.parts.ports import free_port

#: The whole cluster fits into a small disk that a test can fill: write-ahead log in segments of 1 MiB.
_CLUSTER = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--wal-segsize=1")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "min_wal_size": "2MB",
    "max_wal_size": "16MB",
}


def programs() -> Path | None:
    """The folder with PostgreSQL's server programs; None where it is not installed."""
    # Debian keeps them off the PATH, one folder per version.
    folders = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    found = shutil.which("initdb", path=os.pathsep.join([os.environ.get("PATH", ""), *folders]))
    return None if found is None else Path(found).parent


class Postgresql(Part):
    """A cluster in a folder of its own. fsync stays on: what a test kills must be what users run."""

    def __init__(self, folder: Path) -> None:
        bin_folder = programs()
        assert bin_folder is not None, "PostgreSQL is not installed"
        # It refuses to run as root; Debian's package brings a user for it.
        user = "postgres" if os.geteuid() == 0 else ""
        folder.mkdir(parents=True, exist_ok=True)
        if user:
            shutil.chown(folder, user)
        self.port = free_port()
        self.data = folder / "data"
        subprocess.run(
            [bin_folder / "initdb", "-D", self.data, *_CLUSTER],
            user=user or None,
            cwd=folder,
            check=True,
            capture_output=True,
        )
        options = {**_SETTINGS, "port": str(self.port), "unix_socket_directories": str(folder)}
        arguments = [f"--{name}={value}" for name, value in options.items()]
        super().__init__(
            "postgresql",
            [str(bin_folder / "postgres"), "-D", str(self.data), *arguments],
            folder=folder,
            user=user,
        )

    def url(self, database: str = "postgres", port: int | None = None) -> str:
        """SQLAlchemy's URL of a database, through `port` if a proxy stands in between."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{port or self.port}/{database}"

    def is_answering(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser, outside a transaction."""
        conninfo = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres connect_timeout=2"
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self, *arguments: str, wait: bool = True) -> None:
        # Left by a server that was killed; it would be taken for alive if its number was given out again.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        super().start(*arguments, wait=wait)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        # SIGTERM would wait for clients to leave.
        super().stop(number)
