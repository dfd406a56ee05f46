"""`/v1/jobs`: submit, list, look, wait, cancel, pause, resume, delete."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from services import datasets, jobs
from services.api import parameters
from services.api.answers import client_has, json_answer, not_modified, nothing, tagged
from services.api.authentication import owner
from services.api.bodies import json_body
from services.api.operations import Answer, Operation, described
from services.api.parameters import Query
from services.api.preferences import applied, idempotency_key, preferred_wait
from services.api.service import service
from services.api.waiting import wait_until
from services.errors import NotFound
from services.logs import get_logger
from services.schemas import job as schema
from services.schemas.documents import DryRunDocument, JobDocument, JobsDocument
from services.schemas.job_request import JobRequest
from services.schemas.submission import submission_of, understand
from services.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from nn.data import Dataset
    from services.store.rows import JobRow

blueprint = Blueprint("jobs", __name__)
log = get_logger(__name__)

_SUBMIT_QUERY = Query(
    (parameters.flag("dry_run", "Check and resolve the request, estimate, store nothing."),)
)
_LIST_QUERY = Query(
    (
        parameters.choice("status", "Only jobs in this status.", Status),
        parameters.text("name", "Only jobs of exactly this name."),
        parameters.time("created_after", "Only jobs created after this time."),
        parameters.integer("limit", "Most jobs in the page.", least=1, most="page", default=20),
        parameters.text("after", "The `next_cursor` of the page before."),
    ),
    mapping=parameters.text("metadata", "Only jobs with this metadata: `metadata[customer]=42`."),
)
_GET_QUERY = Query(
    (
        parameters.integer(
            "wait",
            "Seconds to wait for a change since `If-None-Match`.",
            least=0,
            most="wait_seconds",
            default=0,
        ),
    )
)


@blueprint.post("/v1/jobs")
@described(
    Operation(
        summary="Submit a job",
        tag="Jobs",
        query=_SUBMIT_QUERY,
        headers=("Idempotency-Key", "Prefer"),
        body=JobRequest,
        answers={
            202: Answer("The job is stored and will be trained.", JobDocument),
            200: Answer(
                "The job is done already (`Prefer: wait`), or what a dry run found.",
                JobDocument | DryRunDocument,
            ),
        },
        problems=("invalid_input", "idempotency_key_reused", "queue_full", "too_many_jobs"),
    )
)
def submit() -> Response:
    """Store a job as `queued`, then ring a worker. A `202` is a promise: the job is on disk."""
    query, key, wait = _SUBMIT_QUERY.read(), idempotency_key(), preferred_wait()
    parsed = understand(json_body(), service().limits, _find_dataset)
    submission = submission_of(parsed, service().limits)
    if query["dry_run"]:
        return json_answer(schema.present_dry_run(parsed, submission))
    submitted = jobs.submit(
        service().store,
        submission,
        owner=owner(),
        idempotency_key=key,
        queue_limit=service().limits.queued_jobs,
        owner_limit=service().limits.queued_jobs_per_key if owner() else None,
    )
    # With the request's id in the same line: what leads from a client's complaint to the job's own lines.
    log.info("job submitted", job=submitted.job.id, replayed=submitted.replayed)
    service().doorbell.ring([submitted.job.id])
    job = wait_until(_is_terminal, submitted.job, wait or 0)
    response = _answer(job, HTTPStatus.OK if wait and job.is_terminal else HTTPStatus.ACCEPTED)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    if submitted.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return applied(response, wait)


@blueprint.get("/v1/jobs")
@described(
    Operation(
        summary="List jobs, newest first",
        tag="Jobs",
        query=_LIST_QUERY,
        answers={200: Answer("A page of jobs.", JobsDocument)},
        problems=("invalid_input",),
    )
)
def index() -> Response:
    """Return a page of jobs; filters apply before paging."""
    query = _LIST_QUERY.read()
    status = None if query["status"] is None else Status(query["status"])
    filters = jobs.JobFilters(
        status=status, name=query["name"], created_after=query["created_after"], metadata=query["metadata"]
    )
    page = jobs.list_jobs(service().store, filters, query["limit"], query["after"], owner())
    return json_answer(schema.present_page(page.rows, page.next_cursor))


@blueprint.get("/v1/jobs/<id:job_id>")
@described(
    Operation(
        summary="Look at a job, or wait until it changes",
        tag="Jobs",
        query=_GET_QUERY,
        headers=("If-None-Match",),
        answers={200: Answer("The job.", JobDocument), 304: Answer("Nothing changed.", media_types=())},
        problems=("not_found", "invalid_input"),
    )
)
def show(job_id: str) -> Response:
    """Return the job. With `wait`, only when it is not what `If-None-Match` says any more, or is terminal."""
    seconds = _GET_QUERY.read()["wait"]
    first = jobs.get(service().store, job_id, owner())

    def is_news(job: JobRow) -> bool:
        is_new = not client_has(_tag(job)) if request.if_none_match else job.version != first.version
        return job.is_terminal or is_new

    job = wait_until(is_news, first, seconds)
    return not_modified(_tag(job)) or _answer(job, HTTPStatus.OK)


def _action(name: str, use_case: Callable[..., JobRow], summary: str, meaning: str) -> None:
    @described(
        Operation(
            summary=summary,
            tag="Jobs",
            answers={200: Answer(meaning, JobDocument)},
            problems=("not_found", "invalid_status"),
        )
    )
    def view(job_id: str) -> Response:
        job = use_case(service().store, job_id, owner())
        if job.status is Status.QUEUED:
            service().doorbell.ring([job.id])
        return _answer(job, HTTPStatus.OK)

    blueprint.add_url_rule(f"/v1/jobs/<id:job_id>/{name}", name, view, methods=["POST"])


_action("cancel", jobs.cancel, "Cancel a job", "The job, cancelled for good.")
_action("pause", jobs.pause, "Pause a job", "The job, which keeps its checkpoint and waits.")
_action("resume", jobs.resume, "Resume a paused job", "The job, queued again to go on from its checkpoint.")


@blueprint.delete("/v1/jobs/<id:job_id>")
@described(
    Operation(
        summary="Delete a terminal job with its curve; its model stays",
        tag="Jobs",
        answers={204: Answer("The job is gone.", media_types=())},
        problems=("not_found", "invalid_status"),
    )
)
def delete(job_id: str) -> Response:
    """Delete a job; its model stays."""
    jobs.delete(service().store, job_id, owner())
    return nothing()


def _find_dataset(dataset_id: str) -> Dataset | None:
    try:
        return datasets.content(service().store, dataset_id, owner())
    except NotFound:
        return None


def _is_terminal(job: JobRow) -> bool:
    return job.is_terminal


def _tag(job: JobRow) -> str:
    return str(job.version)


def _answer(job: JobRow, status: HTTPStatus) -> Response:
    return tagged(json_answer(schema.present(job), status=status), _tag(job))
