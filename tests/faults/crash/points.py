"""Crash points: every database statement, and the moments before and after every COMMIT.

Each is named by the use case that makes it ("claim: after commit"), so that a test can ask for the n-th of
all or for a certain one. A point that is reached is written to a trace file, which all processes share:
the processes of a pool count together.
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

#: Every line of the trace has this many bytes, so that its length tells how many points were reached.
_LINE = 80


@dataclass(frozen=True, slots=True)
class Point:
    """Where the process is: the `number`-th point so far, in which use case, and what is about to happen."""

    number: int
    use_case: str
    moment: str


@dataclass(frozen=True, slots=True)
class Crash:
    """At which point to die: the `number`-th of those whose name begins with `name`."""

    number: int
    name: str = ""


class Tracer:
    """Counts the points of chosen use cases over all processes, and kills the one that reaches `crash`."""

    def __init__(self, trace: Path, use_cases: frozenset[str], crash: Crash | None) -> None:
        self._trace = trace
        self._use_cases = use_cases
        self._crash = crash

    def reached(self, moment: str) -> None:
        """Note that the point is reached; does not return if it is the one to die at."""
        use_case = _use_case()
        if use_case not in self._use_cases:
            return
        name = f"{use_case}: {moment}"
        with self._trace.open("ab") as trace:
            trace.write(f"{name:<{_LINE - 1}.{_LINE - 1}}\n".encode())
        crash = self._crash
        if crash and name.startswith(crash.name) and self._count(crash.name) == crash.number:
            os.kill(os.getpid(), signal.SIGKILL)

    def _count(self, name: str) -> int:
        return sum(line.startswith(name) for line in read(self._trace))


def install(tracer: Tracer) -> None:
    """Watch everything that SQLAlchemy does in this process and in those it will fork."""

    def before_statement(_c: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        tracer.reached(" ".join(statement.split()[:4]))

    def before_commit(_connection: Connection) -> None:
        tracer.reached("before commit")

    event.listen(Engine, "before_cursor_execute", before_statement)
    event.listen(Engine, "commit", before_commit)
    DefaultDialect.do_commit = _then(DefaultDialect.do_commit, lambda: tracer.reached("after commit"))  # type: ignore[method-assign]


def read(trace: Path) -> list[str]:
    """Return the names of the points reached so far, in order."""
    return [line.rstrip() for line in trace.read_text().splitlines()] if trace.exists() else []


def _then(function: Callable[..., Any], after: Callable[[], None]) -> Callable[..., Any]:
    def both(*arguments: Any) -> Any:
        result = function(*arguments)
        after()
        return result

    return both


def _use_case() -> str:
    """Return the name of the use case that is being carried out: the outermost one on the stack."""
    found, frame = "", sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(_USE_CASES):
            found = frame.f_code.co_name
        frame = frame.f_back  # type: ignore[assignment]
    return found


_USE_CASES = (
    "services.jobs.",
    "services.datasets.",
    "services.models.",
    "services.workers",
    "services.store.migrate",
)
