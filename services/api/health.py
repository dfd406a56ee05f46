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
from services.errors import SchemaMismatch, Unavailable
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
    missing = {"database": _of_the_store(_database)}
    missing["broker"] = None if service().doorbell.answers() else ""
    missing["worker"] = _of_the_store(_worker) if missing["database"] is None else ""
    parts = {name: why is None for name, why in missing.items()}
    if all(parts.values()):
        return json_answer({"status": "ready", "parts": parts})
    failing = [f"{name} ({why})" if why else name for name, why in missing.items() if why is not None]
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


def _of_the_store(look: Callable[[], bool]) -> str | None:
    """Return None if what is looked for is there, and else why not, as far as that says more."""
    try:
        return None if look() else ""
    except SchemaMismatch as mismatch:
        return mismatch.detail
    except Unavailable:
        return ""


def _database() -> bool:
    with service().store.reading() as connection:
        return bool(connection.exec_driver_sql("SELECT 1").scalar_one())


def _worker() -> bool:
    return bool(workers.alive(service().store))
