"""How a command ends: its exit code, and what a person reads when something went wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum

import click

from gradqueue.problem import Problem, Unreachable


class Exit(IntEnum):
    """The exit codes, as `gradqueue --help` lists them."""

    OK = 0
    NOT_SUCCEEDED = 1
    INVALID = 2
    UNREACHABLE = 3
    REFUSED = 4
    INTERRUPTED = 130


#: `\b` keeps click from reflowing the list.
EXIT_CODES = """\b
Exit codes:
  0    done
  1    the job failed or was cancelled; the service ended with an error
  2    wrong usage, or input that is not acceptable
  3    the service or the database cannot be reached, or cannot answer now
  4    the service refused: no such job, not in this status, or an API key is needed
  130  interrupted with Ctrl-C
"""


@contextmanager
def readable_failures(ctx: click.Context) -> Iterator[None]:
    """Turn the failures that are no bug into readable lines and an exit code."""
    try:
        yield
    except Problem as problem:
        complain(
            problem.detail,
            (("" if "line" in e else e["pointer"] or "/", e["detail"]) for e in problem.errors),
        )
        ctx.exit(_exit_code(problem))
    except KeyboardInterrupt:
        click.echo(err=True)
        ctx.exit(Exit.INTERRUPTED)
    except Exception as error:
        if not _is_domain_error(error):
            raise
        complain(str(error), ((p.pointer or "/", p.detail) for p in getattr(error, "problems", ())))
        ctx.exit(Exit.INVALID)


def complain(what: str, places: Iterable[tuple[str, str]] = ()) -> None:
    """Say on standard error what is wrong, and at each place of the input, one a line.

    A place without a pointer says where it is itself.
    """
    lines = [f"{pointer}: {detail}" if pointer else detail for pointer, detail in places]
    if len(lines) == 1:
        what, lines = lines[0], []
    click.echo("\n  ".join([f"gradqueue: {what}", *lines]), err=True)


def _exit_code(problem: Problem) -> Exit:
    if isinstance(problem, Unreachable) or problem.status in (429, 502, 503, 504):
        return Exit.UNREACHABLE
    if problem.status in (400, 413, 415, 422):
        return Exit.INVALID
    return Exit.REFUSED


def _is_domain_error(error: Exception) -> bool:
    """Whether it is one of `services.errors`, which only the commands that use it have loaded."""
    errors = sys.modules.get("services.errors")
    return errors is not None and isinstance(error, errors.DomainError)
