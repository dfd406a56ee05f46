"""Is it alive, can it work, and what is it: `/healthz`, `/readyz`, `/v1/meta`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from flask import Blueprint, Response
from typing_extensions import TypedDict

from services import workers
from services.api import problems
from services.api.answers import json_answer
from services.api.operations import Answer, Operation, described
from services.api.service import service
from services.errors import Unavailable
from services.schemas import meta as meta_schema
from services.schemas.documents import MetaDocument

if TYPE_CHECKING:
    from services.schemas.documents import ProblemDocument

blueprint = Blueprint("health", __name__)


class HealthDocument(TypedDict):
    """The process answers."""

    status: Literal["ok"]


class ReadyDocument(TypedDict):
    """Every part answers."""

    status: Literal["ready"]
    parts: dict[str, bool]


@blueprint.get("/healthz")
@described(
    Operation(
        summary="Whether the process answers",
        tag="Operations",
        answers={200: Answer("It does.", HealthDocument)},
    )
)
def healthz() -> Response:
    """Say that the process is alive; looks at nothing else."""
    return json_answer({"status": "ok"})


@blueprint.get("/readyz")
@described(
    Operation(
        summary="Whether jobs can be taken and trained now",
        tag="Operations",
        answers={200: Answer("Database, broker and a worker answer.", ReadyDocument)},
        problems=("not_ready",),
    )
)
def readyz() -> Response:
    """Say whether database, broker and a worker answer, each within a bounded time."""
    parts = {"database": _database(), "broker": service().doorbell.answers(), "worker": _worker()}
    if all(parts.values()):
        return json_answer({"status": "ready", "parts": parts})
    failing = [name for name, answers in parts.items() if not answers]
    document: ProblemDocument = problems.problem("not_ready", f"not there: {', '.join(failing)}")
    document["parts"] = parts
    return problems.answer(document)


@blueprint.get("/v1/meta")
@described(
    Operation(
        summary="Statuses, transitions, limits and versions",
        tag="Operations",
        answers={200: Answer("What this service is and allows.", MetaDocument)},
    )
)
def meta() -> Response:
    """Return what a client may want to know before it asks for anything."""
    return json_answer(meta_schema.present(service().limits))


def _succeeds(look: Callable[[], bool]) -> bool:
    try:
        return look()
    except Unavailable:
        return False


def _database() -> bool:
    def look() -> bool:
        with service().store.reading() as connection:
            return bool(connection.exec_driver_sql("SELECT 1").scalar_one())

    return _succeeds(look)


def _worker() -> bool:
    return _succeeds(lambda: bool(workers.alive(service().store)))
