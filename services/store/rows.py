"""Rows as frozen dataclasses; a field has the name of its column. Times and durations are microseconds."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from services.status import Status

if TYPE_CHECKING:
    from sqlalchemy import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job as the store holds it.

    `version` grows with every change a client can see. `queued_us` and `running_us` are durations up to
    the last change; `queued_at` is when the job last began to wait.
    """

    id: str
    owner: str
    name: str | None
    status: Status
    priority: int
    version: int
    attempt: int
    lost_attempts: int
    max_attempts: int
    timeout_seconds: float | None
    created_at: int
    queued_at: int
    started_at: int | None
    finished_at: int | None
    worker: str | None
    lease_expires_at: int | None
    running_since: int | None
    queued_us: int
    running_us: int
    spec: dict[str, Any]
    dataset_id: str
    validation_dataset_id: str | None
    epochs: int
    epoch: int
    latest: dict[str, float] | None
    best: dict[str, Any] | None
    epochs_per_second: float | None
    stop_reason: str | None
    error_code: str | None
    error_detail: str | None
    fingerprint: str
    request_sha256: str
    model_id: str | None
    weights_sha256: str | None
    trainer: str | None
    metadata: dict[str, Any]

    @property
    def is_terminal(self) -> bool:
        """Whether the job never changes again."""
        return self.status.is_terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRow:
    """What is known of a stored dataset without its numbers.

    `inputs` and `targets` are counts of columns. An `inline` dataset came with a job and goes with the last
    job that uses it. `column_names` are the inputs' and then the targets', if somebody named them.
    """

    id: str
    owner: str
    name: str | None
    created_at: int
    sha256: str
    rows: int
    inputs: int
    targets: int
    labels: list[str | int] | None
    inline: bool
    column_names: list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """What is known of a stored model without its weights; `job_id` is None for an imported one."""

    id: str
    owner: str
    name: str | None
    job_id: str | None
    created_at: int
    problem: str
    inputs: int
    outputs: int
    epoch: int
    weights_sha256: str


#: A row of any result, whatever its columns.
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"

R = TypeVar("R", JobRow, DatasetRow, ModelRow)


def row_of(cls: type[R], row: AnyRow) -> R:
    """Make a `JobRow`, `DatasetRow` or `ModelRow` from a result that has at least its columns."""
    values = {field.name: getattr(row, field.name) for field in dataclasses.fields(cls)}
    if cls is JobRow:
        values["status"] = Status(values["status"])
    return cls(**values)
