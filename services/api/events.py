"""`/v1/jobs/{id}/events`: a job's epochs and statuses as they come (Server-Sent Events)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from services import jobs
from services.api.answers import nothing
from services.api.authentication import owner
from services.api.operations import Answer, Operation, described
from services.api.presence import is_client_gone
from services.api.service import service
from services.errors import DomainError, InvalidInput, Problem
from services.logs import get_logger
from services.schemas.events import Position, events

if TYPE_CHECKING:
    from services.api.service import Service
    from services.store.rows import JobRow

log = get_logger(__name__)

blueprint = Blueprint("events", __name__)

MEDIA_TYPE = "text/event-stream"

#: Most epochs of one look into the store. One chunk of a fast job has hundreds of thousands, and is read
#: whole for each look that begins in it.
_EPOCHS = 20_000
#: Seconds between two looks at a job that trains: a person sees a curve grow, and two hundred readers do not
#: keep a core busy.
_PACE_SECONDS = 0.25
#: Seconds of silence after which a comment says that the stream lives: proxies cut what is silent for 30 s.
_COMMENT_SECONDS = 15.0
#: Tells the client to come back after so many milliseconds when a stream has ended.
_RETRY = b"retry: 500\n\n"
_COMMENT = b": nothing new\n\n"


@blueprint.get("/v1/jobs/<id:job_id>/events")
@described(
    Operation(
        summary="Follow a job: its epochs and statuses as they come",
        tag="Jobs",
        headers=("Last-Event-ID",),
        answers={
            200: Answer("Events `status`, `epochs`, and at last `end`.", media_types=(MEDIA_TYPE,)),
            204: Answer("The client has had the last event already.", media_types=()),
        },
        problems=("not_found", "invalid_input", "too_many_streams"),
    )
)
def follow(job_id: str) -> Response:
    """Stream a job's events from where the client stands; end after a while, for it to come again."""
    position = _position()
    job = jobs.get(service().store, job_id, owner())
    if position.is_end:
        return nothing()  # which tells a browser not to come again
    leave = service().streams.enter()
    stream = _stream(service(), job, position, leave, is_client_gone())
    response = Response(stream, content_type=f"{MEDIA_TYPE}; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back to send them together
    response.call_on_close(leave)  # also of a stream that nobody began to read
    return response


def _position() -> Position:
    text = request.headers.get("Last-Event-ID")
    position = Position() if text is None else Position.parse(text)
    if position is None:
        detail = "this is not the id of an event of this service"
        raise InvalidInput([Problem("/Last-Event-ID", "header", detail)])
    return position


def _stream(
    service: Service, job: JobRow, position: Position, leave: Callable[[], None], is_gone: Callable[[], bool]
) -> Iterator[bytes]:
    """Yield what `_events` does, then give the place back."""
    try:
        yield from _events(service, job, position, is_gone)
    finally:
        leave()


def _events(
    service: Service, job: JobRow, position: Position, is_gone: Callable[[], bool]
) -> Iterator[bytes]:
    """Yield events until the last one, the end of the time for it, or the end of reader or service.

    Between two looks nothing is held but this thread: no transaction, no connection. When the store cannot
    be read, or the job is deleted, the stream ends; whoever comes again learns why.
    """
    until = time.monotonic() + service.limits.stream_seconds
    yield _RETRY
    said_at = time.monotonic()
    while not position.is_end and time.monotonic() < until and not service.is_stopping() and not is_gone():
        try:
            with service.streams.turn:
                job, curve = jobs.follow(service.store, job.id, position.epoch, _EPOCHS, job.owner)
        except DomainError as error:
            log.warning("event stream ended", code=error.code)
            return
        before = position
        for reached, event in events(position, job, curve):
            yield event
            position, said_at = reached, time.monotonic()
        if curve.has_more or position.is_end:
            continue
        if position != before:
            time.sleep(_PACE_SECONDS)
        pause = min(until, said_at + _COMMENT_SECONDS) - time.monotonic()
        if pause > 0:
            service.watcher.wait(job.id, job.version, pause, is_gone)
        if time.monotonic() >= said_at + _COMMENT_SECONDS:
            yield _COMMENT
            said_at = time.monotonic()
