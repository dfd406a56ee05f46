"""Crash points: every database statement, and the moments before and after every COMMIT.

Each has a name, made of the use case that the process is in and what is about to happen: "claim: UPDATE
jobs SET", "claim: before commit", "claim: after commit".
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect

_USE_CASES = (
    "services.jobs.",
    "services.datasets.",
    "services.models.",
    "services.workers",
    "services.store.migrate",
)


def watch(reached: Callable[[str], None]) -> None:
    """Have `reached` told what comes at each point, in this process and in those that it will fork."""

    def before_statement(_connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        reached(" ".join(statement.split()[:4]))

    def before_commit(_connection: Connection) -> None:
        reached("before commit")

    do_commit = DefaultDialect.do_commit

    def commit(dialect: DefaultDialect, connection: Any) -> None:
        do_commit(dialect, connection)
        reached("after commit")

    event.listen(Engine, "before_cursor_execute", before_statement)
    event.listen(Engine, "commit", before_commit)
    DefaultDialect.do_commit = commit  # type: ignore[method-assign]


def _use_case() -> str:
    """Return the name of the use case that is being carried out: the outermost one on the stack."""
    found, frame = "", sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(_USE_CASES):
            found = frame.f_code.co_name
        frame = frame.f_back  # type: ignore[assignment]
    return found


def die() -> None:
    """End this process as `kill -9` does: nothing is flushed, closed or said."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Crash:
    """At which point to die: the `number`-th of those whose name begins with `name`."""

    number: int
    name: str = ""


class Tracer:
    """Notes the points of chosen use cases in a file, and dies at the chosen one."""

    def __init__(self, trace: Path, use_cases: frozenset[str], crash: Crash | None) -> None:
        self._trace = trace
        self._use_cases = use_cases
        self._crash = crash
        self._matches = 0

    def reached(self, moment: str) -> None:
        """Note the point; does not return if it is the one to die at."""
        use_case = _use_case()
        if use_case not in self._use_cases:
            return
        name = f"{use_case}: {moment}"
        with self._trace.open("a") as trace:
            trace.write(f"{name}\n")
        if self._crash and name.startswith(self._crash.name):
            self._matches += 1
            if self._matches == self._crash.number:
                die()


class Trap:
    """Kills the first of several processes that reaches a point, whenever somebody set the trap for it.

    It is set by writing the beginning of the point's name to the file, and sprung when that is gone.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def reached(self, moment: str) -> None:
        """Look whether the trap is set for this point; does not return if it is."""
        try:
            wanted = self._file.read_text()
            if not f"{_use_case()}: {moment}".startswith(wanted):
                return
            self._file.unlink()  # one process succeeds, and is caught
        except FileNotFoundError:
            return
        die()
