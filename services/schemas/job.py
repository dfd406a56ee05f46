"""Jobs as clients see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from services.schemas.size import size_of
from services.schemas.times import optional_timestamp, timestamp
from services.status import JobError, StopReason

if TYPE_CHECKING:
    from nn.training import TrainerName
    from services.schemas.documents import (
        DryRunDocument,
        DurationsDocument,
        ErrorDocument,
        EstimateDocument,
        JobDocument,
        JobsDocument,
        ProgressDocument,
    )
    from services.schemas.submission import ParsedJob
    from services.store.rows import JobRow
    from services.submission import Submission

_MICROSECONDS = 1_000_000


def present(job: JobRow) -> JobDocument:
    """Return the job's document."""
    return {
        "id": job.id,
        "object": "job",
        "name": job.name,
        "status": job.status,
        "is_terminal": job.is_terminal,
        "created_at": timestamp(job.created_at),
        "started_at": optional_timestamp(job.started_at),
        "finished_at": optional_timestamp(job.finished_at),
        "attempt": job.attempt,
        "resolved": _resolved(job),
        "dataset_id": job.dataset_id,
        "progress": _progress(job),
        "latest": job.latest,
        "best": job.best,
        "durations": _durations(job),
        "stop_reason": None if job.stop_reason is None else StopReason(job.stop_reason),
        "error": _error(job),
        "fingerprint": job.fingerprint,
        "weights_sha256": job.weights_sha256,
        "trainer": cast("TrainerName | None", job.trainer),
        "model_id": job.model_id,
        "metadata": job.metadata,
        "links": _links(job),
    }


def present_page(jobs: Sequence[JobRow], next_cursor: str | None) -> JobsDocument:
    """Return a page of jobs."""
    return {
        "data": [present(job) for job in jobs],
        "has_more": next_cursor is not None,
        "next_cursor": next_cursor,
    }


def present_dry_run(job: ParsedJob, submission: Submission) -> DryRunDocument:
    """Return what would become of a job.

    `resolved` has no dataset if that came inline: it has no id until it is stored.
    """
    resolved = {name: value for name, value in submission.resolved.items() if value is not None}
    return {
        "object": "dry_run",
        "resolved": resolved,
        "dataset": {
            "rows": job.dataset.rows,
            "columns": job.dataset.inputs.shape[1],
            "targets": job.dataset.targets.shape[1],
            "sha256": job.dataset.sha256,
        },
        "estimate": _estimate(job),
        "fingerprint": submission.fingerprint,
    }


def _resolved(job: JobRow) -> dict[str, Any]:
    """Return the spec with the ids of datasets that came inline, so that it can be sent again as it is."""
    resolved = dict(job.spec)
    if resolved.get("dataset") is None:
        resolved["dataset"] = {"id": job.dataset_id}
    validation = resolved.get("training", {}).get("validation")
    if validation is not None and "dataset" in validation and validation["dataset"] is None:
        training = {**resolved["training"], "validation": {"dataset": {"id": job.validation_dataset_id}}}
        resolved["training"] = training
    return resolved


def _progress(job: JobRow) -> ProgressDocument:
    rate = job.epochs_per_second
    is_moving = rate is not None and rate > 0 and not job.is_terminal
    return {
        "epoch": job.epoch,
        "epochs": job.epochs,
        "fraction": job.epoch / job.epochs,
        "epochs_per_second": rate,
        "eta_seconds": (job.epochs - job.epoch) / rate if is_moving and rate else None,
    }


def _durations(job: JobRow) -> DurationsDocument:
    return {
        "queued_seconds": job.queued_us / _MICROSECONDS,
        "running_seconds": job.running_us / _MICROSECONDS,
    }


def _error(job: JobRow) -> ErrorDocument | None:
    if job.error_code is None:
        return None
    return {"code": JobError(job.error_code), "detail": job.error_detail or ""}


def _links(job: JobRow) -> dict[str, str]:
    base = f"/v1/jobs/{job.id}"
    links = {"self": base, "loss_curve": f"{base}/loss-curve", "weights": f"{base}/weights"}
    if job.model_id is not None:
        links["model"] = f"/v1/models/{job.model_id}"
    if not job.is_terminal:
        links["cancel"] = f"{base}/cancel"
    return links


def _estimate(job: ParsedJob) -> EstimateDocument:
    size = size_of(job.spec, job.dataset)
    return {
        "inputs": job.dataset.inputs.shape[1],
        "outputs": job.spec.model.layers[-1],
        "parameters": size.parameters,
        "epochs": job.spec.training.epochs,
        "multiply_adds": size.work,
    }
