"""`gradqueue serve`: everything in one command."""

from __future__ import annotations

import dataclasses
import http.client
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy

from services import environment, logs
from services.embedded import folder, ports
from services.embedded.failure import CannotServe
from services.embedded.process import Process, Program
from services.embedded.supervisor import Supervisor
from services.embedded.valkey import Valkey
from services.errors import SchemaMismatch
from services.exposure import notices
from services.store.migrate import upgrade

if TYPE_CHECKING:
    from services.settings import Settings

#: One thread per process for linear algebra: the processes are as many as the cores already.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

#: Seconds for one look whether the API is ready.
_LOOK_SECONDS = 1.0

Say = Callable[[str], None]


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def serve(settings: Settings, *, say: Say = _say) -> int:
    """Run the whole service until SIGTERM or Ctrl-C; return an exit code.

    `settings.broker_url` empty means a broker of its own in the data folder; a port of 0 means any free one.
    `say` is given lines for the person who started it. Errors of theirs are one line and exit code 1.
    """
    logs.setup(settings.log_format, level=settings.log_level)
    settings = dataclasses.replace(settings, data_folder=settings.data_folder.absolute())
    try:
        with folder.locked(settings.data_folder):
            _serve(dataclasses.replace(settings, port=ports.free_port(settings.host, settings.port)), say)
    except CannotServe as failure:
        say(f"gradqueue: {failure}")
        return 1
    return 0


def _serve(settings: Settings, say: Say) -> None:
    say(f"gradqueue: starting; data in {settings.data_folder}")
    for line in notices(settings):
        say(f"gradqueue: {line}")
    _migrate(settings)
    groups: list[list[Process]] = []
    if not settings.broker_url:
        valkey = Valkey(settings.data_folder)
        settings = dataclasses.replace(settings, broker_url=valkey.url)
        groups.append([Process(Program("broker", valkey.command(), prepare=valkey.prepare))])
    groups.append([Process(_python_program(role, settings)) for role in ("api", "worker")])
    address = ports.url(settings.host, settings.port)
    Supervisor(groups, shutdown_seconds=settings.shutdown_seconds).run(
        is_ready=lambda: _is_ready(settings.host, settings.port),
        on_ready=lambda: say(
            f"gradqueue: ready at {address} (documentation: {address}/docs; Ctrl-C ends it)"
        ),
        on_end=lambda: say("gradqueue: ending; unfinished jobs go on at the next start"),
    )


def _python_program(role: str, settings: Settings) -> Program:
    return Program(
        role,
        [sys.executable, "-m", "services.embedded.child", role, str(os.getpid())],
        environment={**environment.variables(settings), **_ONE_THREAD},
    )


def _migrate(settings: Settings) -> None:
    try:
        upgrade(settings.store_url)
    except SchemaMismatch as error:
        raise CannotServe(f"{environment.masked_url(settings.store_url)}: {error.detail}") from error
    except sqlalchemy.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise CannotServe(
            f"cannot use the database {environment.masked_url(settings.store_url)}: {reason}"
        ) from error


def _is_ready(host: str, port: int) -> bool:
    """Whether the API answers that the database, the broker and a worker are there."""
    connection = http.client.HTTPConnection(ports.reachable(host), port, timeout=_LOOK_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
