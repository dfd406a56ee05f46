"""The events of a job's stream, and the ids that say how far a client has come.

An id says all there is to know about what came before it: the last epoch, and the status and attempt that
were told last. So any API process can go on where another one was cut off, and keeps nothing about clients.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import orjson

from services.schemas import job as job_schema
from services.schemas.curve import Points, columns
from services.status import Status

if TYPE_CHECKING:
    from services.store.curve import Curve
    from services.store.rows import JobRow

#: Most epochs of one event: 50 to 100 KB.
_EPOCHS = 2000
#: Stands for the status in the id of the last event.
_END = "end"

#: Epoch, attempt, status.
POSITION = re.compile(rf"^([0-9]{{1,15}})\.([0-9]{{1,9}})\.({'|'.join((*Status, _END))})$")


@dataclass(frozen=True, slots=True)
class Position:
    """How far a client has come: to `epoch`, and to the `status` and `attempt` told last, if any."""

    epoch: int = 0
    attempt: int = 0
    status: str = ""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the position that an event's id stands for; None if it is not the id of one of ours."""
        match = POSITION.fullmatch(text) if text.isascii() else None
        return None if match is None else cls(int(match[1]), int(match[2]), match[3])

    @property
    def is_end(self) -> bool:
        """Whether nothing can come any more."""
        return self.status == _END

    def __str__(self) -> str:
        return f"{self.epoch}.{self.attempt}.{self.status}"


def events(position: Position, job: JobRow, curve: Curve) -> Iterator[tuple[Position, bytes]]:
    """Yield what is new at `position`, each event with the position that is reached by it.

    `curve` is what follows `position.epoch`, of the same moment as `job`. A status is told before the epochs
    that come in it; a terminal one after the last epoch, and then the end.
    """
    if not job.is_terminal and _is_news(position, job):
        position = replace(position, attempt=job.attempt, status=job.status.value)
        yield position, _event("status", position, job_schema.present(job))
    if not position.status:
        # An id needs a status; that of a terminal job is told behind its last epoch.
        position = replace(position, attempt=job.attempt, status=Status.RUNNING.value)
    for points in Points.of(curve).slices(_EPOCHS):
        position = replace(position, epoch=int(points.epochs[-1]))
        yield position, _event("epochs", position, columns(points))
    if job.is_terminal and not curve.has_more:
        if _is_news(position, job):
            position = replace(position, attempt=job.attempt, status=job.status.value)
            yield position, _event("status", position, job_schema.present(job))
        position = replace(position, status=_END)
        yield position, _event("end", position, job_schema.present(job))


def _is_news(position: Position, job: JobRow) -> bool:
    return (position.attempt, position.status) != (job.attempt, job.status.value)


def _event(name: str, position: Position, document: Any) -> bytes:
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (
        str(position).encode(),
        name.encode(),
        orjson.dumps(document),
    )
