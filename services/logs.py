"""Logs: one line per event, as JSON for machines or as text for people, from our code and from libraries.

An event is a short fixed sentence plus named values (`job`, `attempt`, `worker`, `request_id`, …), so that a
log can be searched by job as well as by what happened. Whatever libraries send to Python's own `logging`
comes out in the same form. Secrets never get here: connection URLs are logged without their password.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

#: Libraries whose routine lines say nothing about jobs; their warnings and errors are kept.
QUIET_LIBRARIES = ("alembic", "amqp", "celery", "kombu", "matplotlib", "numba", "redis", "urllib3")


def _add_process_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Read at each event, not once: the worker forks."""
    event["pid"] = os.getpid()
    return event


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
]

# At import, so that a program which never calls `setup` (a test, a script) gets Python's usual behaviour
# (warnings and errors on standard error) and not structlog's own default, which prints everything.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module, which takes an event and named values: `log.info("claimed", job=…)`."""
    return structlog.stdlib.get_logger(name)


def setup(form: str, *, level: str = "info", stream: TextIO | None = None, **values: str) -> None:
    """Send every log line of this process to `stream` (standard error if None) as "text" or "json".

    `level` is the least severe level shown: "debug", "info", "warning" or "error".
    `values` (which worker this is, say) are added to each JSON line. Calling it again replaces the earlier
    set-up, in this process and in those forked from it later.
    """
    output = stream or sys.stderr
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED, processors=_rendering(form, output, values)
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for library in QUIET_LIBRARIES:
        logging.getLogger(library).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)


def _rendering(form: str, output: TextIO, values: Mapping[str, str]) -> list[Processor]:
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if form == "json":
        return [
            remove_meta,
            _add_process_id,
            lambda _logger, _method, event: {**values, **event},
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # As text: structlog's structured tracebacks carry local variables, and those can hold secrets.
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=True),
        ]
    return [
        remove_meta,
        _for_people,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        structlog.dev.ConsoleRenderer(
            colors=output.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        ),
    ]


def _for_people(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop the names of the module and of the worker: they help a search, not a reader."""
    event.pop("logger", None)
    event.pop("worker", None)
    return event
