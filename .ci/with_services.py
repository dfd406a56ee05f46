"""Run a command while PostgreSQL, Redis and Chromium are there for it: `with_services.py pytest …`.

Servers that answer where the tests look are used as they are. A missing one is started on a free port for
the time of the command; where a program is missing, root on Debian or Ubuntu installs it first.
What cannot be had is said; the tests that need it skip, or fail with GRADQUEUE_TEST_REQUIRE_SERVICES=1.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import redis

DATABASE = "GRADQUEUE_TEST_DATABASE_URL"
BROKER = "GRADQUEUE_TEST_BROKER_URL"
DEFAULTS = {
    DATABASE: "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
    BROKER: "redis://127.0.0.1:6379/0",
}
#: Seconds until a started server must answer. A cold disk needs a few.
START_SECONDS = 30


def say(text: str) -> None:
    """Tell what happens; standard output belongs to the command."""
    print(f"services: {text}", file=sys.stderr, flush=True)


def postgresql_answers(url: str) -> bool:
    """Whether PostgreSQL takes connections at this SQLAlchemy URL."""
    try:
        psycopg.connect(url.replace("+psycopg", ""), connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


def redis_answers(url: str) -> bool:
    """Whether Redis takes commands at this URL."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as connection:
            return bool(connection.ping())
    except redis.RedisError:
        return False


def find_program(name: str, package: str) -> str | None:
    """Return the path of a server's program, installing Debian's package as root if need be."""
    found = _look_for(name)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing {package}")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
            subprocess.run(["apt-get", *command], env=quiet, stdout=sys.stderr, check=False)
        found = _look_for(name)
    return found


def _look_for(name: str) -> str | None:
    # Debian keeps PostgreSQL's server programs off the PATH, one folder per version.
    folders = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *folders]))


@contextmanager
def postgresql(folder: Path) -> Iterator[str | None]:
    """A throw-away PostgreSQL server; yields its URL, or None where there is no program for it."""
    initdb = find_program("initdb", "postgresql")
    if initdb is None:
        yield None
        return
    # PostgreSQL refuses to run as root; Debian's package brings a user for it.
    user = "postgres" if os.geteuid() == 0 else None
    folder.mkdir()
    if user:
        shutil.chown(folder, user)
    data, port = folder / "data", free_port()
    prepare = [initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(prepare, user=user, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    command = [str(Path(initdb).with_name("postgres")), "-D", str(data), "-p", str(port), "-k", str(folder)]
    command += ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]
    url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    with server(command, folder, user, lambda: postgresql_answers(url)):
        yield url


@contextmanager
def redis_server(folder: Path) -> Iterator[str | None]:
    """A throw-away Redis (or Valkey) server; yields its URL, or None where there is no program for it."""
    program = _look_for("valkey-server") or find_program("redis-server", "redis-server")
    if program is None:
        yield None
        return
    folder.mkdir()
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with server(command, folder, None, lambda: redis_answers(url)):
        yield url


@contextmanager
def server(command: list[str], folder: Path, user: str | None, answers: Callable[[], bool]) -> Iterator[None]:
    """Run a server (as another user, if one is named), wait until it answers, and end it afterwards."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, user=user, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[0]} did not start:\n{log.read_text()}")
            time.sleep(0.1)
        yield
    finally:
        # PostgreSQL's SIGTERM would wait for clients to leave; SIGINT does not.
        process.send_signal(signal.SIGINT)
        process.wait()


def free_port() -> int:
    """Return a TCP port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def main(command: list[str]) -> int:
    """Run the command with the services' URLs in its environment; return its exit code."""
    parts = (
        ("PostgreSQL", DATABASE, postgresql_answers, postgresql),
        ("Redis", BROKER, redis_answers, redis_server),
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gradqueue-services-")))
        folder.chmod(0o755)
        environment = dict(os.environ)
        for name, variable, answers, start in parts:
            if answers(environment.setdefault(variable, DEFAULTS[variable])):
                continue
            url = stack.enter_context(start(folder / name.lower()))
            say(f"{name} started at {url}" if url else f"{name} cannot be had here: tests that need it skip")
            environment[variable] = url or environment[variable]
        if find_program("chromium", "chromium") is None:
            say("Chromium cannot be had here: tests of pages in a browser skip")
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    # Told to end, it ends what it started first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
