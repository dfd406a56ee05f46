"""From the bytes of a request to a submission: parse, read, look at the data, choose, check."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from nn.fingerprint import fingerprint
from services.schemas import resolved
from services.schemas.choices import choose
from services.schemas.consistency import check_size, check_spec, check_validation
from services.schemas.data import FindDataset, read_dataset
from services.schemas.dataset_request import GeneratedDataset, StoredDataset
from services.schemas.findings import Findings
from services.schemas.job_request import JobRequest, read_job_request
from services.schemas.strict_json import parse
from services.submission import Submission

if TYPE_CHECKING:
    from nn.data import Dataset
    from nn.spec import Problem, Spec
    from services.schemas.data import AnyDataset
    from services.settings import Limits


@dataclass(frozen=True, slots=True)
class ParsedJob:
    """A job request understood: what is to be trained, on which numbers."""

    request: JobRequest
    spec: Spec
    dataset: Dataset
    validation: Dataset | None


def parse_job(body: bytes, limits: Limits, find_dataset: FindDataset) -> Submission:
    """Return the submission that a request body asks for.

    `find_dataset` returns the client's stored dataset of an id, or None.

    Raises:
        Malformed: the body is not strict JSON.
        InvalidInput: it is not an acceptable job; everything wrong is listed.
    """
    return submission_of(understand(body, limits, find_dataset), limits)


def understand(body: bytes, limits: Limits, find_dataset: FindDataset) -> ParsedJob:
    """Return the request, its spec and its data, all checked.

    Raises:
        Malformed: the body is not strict JSON.
        InvalidInput: it is not an acceptable job; everything wrong is listed.
    """
    request, findings = read_job_request(parse(body, limits.depth), limits), Findings()
    problem = _problem(request, findings)
    dataset = read_dataset(request.dataset, problem, find_dataset, findings, "/dataset")
    asked, validation = request.training.validation, None
    if asked is not None and asked.dataset is not None:
        at = "/training/validation/dataset"
        validation = read_dataset(asked.dataset, problem, find_dataset, findings, at)
    if dataset is None:
        findings.raise_if_any()
        raise AssertionError("a dataset is missing and no finding says why")
    spec = choose(request, dataset)
    check_spec(request, spec, dataset, findings)
    check_validation(request, dataset, validation, findings)
    check_size(spec, dataset, limits, findings)
    findings.raise_if_any()
    return ParsedJob(request, spec, dataset, validation)


def submission_of(job: ParsedJob, limits: Limits) -> Submission:
    """Return what the use case `submit` takes. Datasets that are stored already go by their id."""
    request = job.request
    asked = None if request.training.validation is None else request.training.validation.dataset
    timeout_seconds = request.limits.timeout_seconds or float(limits.timeout_seconds)
    document = resolved.dump(job.spec)
    document["dataset"] = _reference(request.dataset)
    if asked is not None:
        document["training"]["validation"] = {"dataset": _reference(asked)}
    document["limits"] = {"timeout_seconds": timeout_seconds, "max_attempts": request.limits.max_attempts}
    document["priority"] = request.priority
    return Submission(
        name=request.name,
        resolved=document,
        dataset=_id_or(request.dataset, job.dataset),
        validation=None if job.validation is None else _id_or(asked, job.validation),
        epochs=request.training.epochs,
        metadata=request.metadata,
        priority=request.priority,
        max_attempts=request.limits.max_attempts,
        timeout_seconds=timeout_seconds,
        fingerprint=fingerprint(job.spec, job.dataset, job.validation),
        request_sha256=_digest(job, document),
    )


def _problem(request: JobRequest, findings: Findings) -> Problem | None:
    outer, inner = request.problem, request.dataset.problem
    if outer is not None and inner is not None and outer != inner:
        findings.add("inconsistent", f"{outer} here and {inner} there", "/problem", "/dataset/problem")
    return outer or inner


def _reference(request: AnyDataset) -> dict[str, Any] | None:
    """Return how the resolved document names the dataset: None stands for the id, known when it is stored."""
    if isinstance(request, GeneratedDataset):
        return {
            "generator": request.generator,
            "rows": request.rows,
            "noise": request.noise,
            "seed": request.seed,
        }
    return {"id": request.id} if isinstance(request, StoredDataset) else None


def _id_or(request: AnyDataset | None, dataset: Dataset) -> Dataset | str:
    return request.id if isinstance(request, StoredDataset) else dataset


def _digest(job: ParsedJob, document: dict[str, Any]) -> str:
    """Return what tells requests with the same idempotency key apart: their meaning, not their bytes."""
    content = {
        "name": job.request.name,
        "metadata": job.request.metadata,
        "resolved": document,
        "data": [dataset.sha256 for dataset in (job.dataset, job.validation) if dataset is not None],
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
