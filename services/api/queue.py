"""`/v1/queue`: how many jobs there are, how long they wait, who works on them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, current_app

from services import jobs, workers
from services.api.answers import json_answer
from services.api.authentication import owner
from services.api.operations import Answer, Operation, described
from services.api.recent import Recent
from services.api.service import service
from services.schemas.documents import QueueDocument

if TYPE_CHECKING:
    from services.store import Store

blueprint = Blueprint("queue", __name__)

_COUNTS = "gradqueue.counts"


def install(app: Flask, store: Store) -> None:
    """Let an application remember counts of its store for a moment."""
    app.extensions[_COUNTS] = Recent(partial(jobs.count, store))


def counts(whose: str | None) -> jobs.Counts:
    """Return the counts of an owner's jobs, or of all jobs (None), as they were a few seconds ago at most."""
    recent: Recent[str | None, jobs.Counts] = current_app.extensions[_COUNTS]
    return recent.of(whose)


@blueprint.get("/v1/queue")
@described(
    Operation(
        summary="One's jobs in numbers, and who works on them",
        tag="Operations",
        answers={200: Answer("The counts, a few seconds old at most.", QueueDocument)},
    )
)
def show() -> Response:
    """Return how many of the caller's jobs are in each status; never anything about those of others."""
    mine, alive = counts(owner()), workers.alive(service().store)
    document: QueueDocument = {
        "object": "queue",
        "jobs": {status.value: number for status, number in mine.by_status.items()},
        "oldest_queued_seconds": mine.oldest_queued_seconds,
        "epochs_per_second": mine.epochs_per_second,
        "workers": {"alive": len(alive), "processes": sum(worker.processes for worker in alive)},
    }
    return json_answer(document)
