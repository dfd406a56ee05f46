"""The documents the service answers with. The presenters fill them; the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from nn.data import Label
from nn.generators import GeneratorName
from nn.spec import Loss, OutputActivation, Problem
from nn.training import TrainerName
from services.schemas.codes import InputCode
from services.status import Event, JobError, Status, StopReason

#: RFC 3339, UTC, microseconds: "2026-11-23T14:00:00.123456Z".
Time = str


class ProgressDocument(TypedDict):
    """How far a job is. `fraction` is 0..1; the rate and the estimate need a first measurement."""

    epoch: int
    epochs: int
    fraction: float
    epochs_per_second: float | None
    eta_seconds: float | None


class DurationsDocument(TypedDict):
    """Seconds a job has waited and trained, over all its attempts."""

    queued_seconds: float
    running_seconds: float


class ErrorDocument(TypedDict):
    """Why a job failed."""

    code: JobError
    detail: str


class JobDocument(TypedDict):
    """A job, from POST to its terminal status."""

    id: str
    object: Literal["job"]
    name: str | None
    status: Status
    is_terminal: bool
    created_at: Time
    started_at: Time | None
    finished_at: Time | None
    attempt: int
    resolved: dict[str, Any]
    dataset_id: str
    progress: ProgressDocument
    latest: dict[str, float] | None
    best: dict[str, float] | None
    durations: DurationsDocument
    stop_reason: StopReason | None
    error: ErrorDocument | None
    fingerprint: str
    weights_sha256: str | None
    trainer: TrainerName | None
    model_id: str | None
    metadata: dict[str, str]
    links: dict[str, str]


class JobsDocument(TypedDict):
    """A page of jobs, newest first."""

    data: list[JobDocument]
    has_more: bool
    next_cursor: str | None


class DatasetSizeDocument(TypedDict):
    """A dataset that is not stored: its size and digest. `targets` counts columns."""

    rows: int
    columns: int
    targets: int
    sha256: str


class EstimateDocument(TypedDict):
    """What a job would cost. `multiply_adds` is epochs x rows x parameters."""

    inputs: int
    outputs: int
    parameters: int
    epochs: int
    multiply_adds: int


class DryRunDocument(TypedDict):
    """What would become of a job, with nothing stored."""

    object: Literal["dry_run"]
    resolved: dict[str, Any]
    dataset: DatasetSizeDocument
    estimate: EstimateDocument
    fingerprint: str


class CurveDocument(TypedDict):
    """A piece of a loss curve in columns of equal length. Metrics that are not measured are left out."""

    object: Literal["loss_curve"]
    job_id: str
    epochs: list[int]
    train_loss: list[float]
    validation_loss: NotRequired[list[float]]
    accuracy: NotRequired[list[float]]
    validation_accuracy: NotRequired[list[float]]
    r2: NotRequired[list[float]]
    validation_r2: NotRequired[list[float]]
    next_after_epoch: int
    has_more: bool


class ScalerDocument(TypedDict):
    """What each input goes through first: (x - mean) / scale."""

    mean: list[float]
    scale: list[float]


class LayerDocument(TypedDict):
    """One layer: `weights[j][i]` connects input `i` to neuron `j`."""

    weights: list[list[float]]
    biases: list[float]
    activation: OutputActivation


class WeightsDocument(TypedDict):
    """A trained network, complete."""

    object: Literal["weights"]
    job_id: str | None
    epoch: int
    format_version: int
    numerics_version: int
    weights_sha256: str
    inputs: int
    standardize: ScalerDocument | None
    labels: list[Label] | None
    layers: list[LayerDocument]


class ModelDocument(TypedDict):
    """What is known of a stored model."""

    id: str
    object: Literal["model"]
    name: str | None
    created_at: Time
    job_id: str | None
    problem: Problem
    inputs: int
    outputs: int
    epoch: int
    weights_sha256: str
    links: dict[str, str]


class ModelsDocument(TypedDict):
    """A page of models, newest first."""

    data: list[ModelDocument]
    has_more: bool
    next_cursor: str | None


class PredictionsDocument(TypedDict):
    """One prediction per row. For classification `probabilities[row][k]` belongs to `labels[k]`."""

    object: Literal["predictions"]
    model_id: str
    predictions: list[float] | list[list[float]] | list[Label]
    labels: NotRequired[list[Label]]
    probabilities: NotRequired[list[list[float]]]


class DatasetDocument(TypedDict):
    """What is known of a stored dataset. `inputs` and `targets` count columns."""

    id: str
    object: Literal["dataset"]
    name: str | None
    created_at: Time
    sha256: str
    problem: Problem
    rows: int
    inputs: int
    targets: int
    labels: list[Label] | None
    links: dict[str, str]


class ColumnDocument(TypedDict):
    """One column: of numbers (`std` is the population's), or of labels and how many rows have each."""

    name: str
    role: Literal["input", "target"]
    min: NotRequired[float]
    max: NotRequired[float]
    mean: NotRequired[float]
    std: NotRequired[float]
    labels: NotRequired[list[Label]]
    counts: NotRequired[list[int]]


class WarningDocument(TypedDict):
    """What is allowed but probably not meant: `total` columns, rows or labels, the first ones listed."""

    code: Literal["constant_column", "duplicate_rows", "contradictory_duplicates", "class_imbalance"]
    detail: str
    total: int
    columns: NotRequired[list[str]]
    rows: NotRequired[list[int]]
    labels: NotRequired[list[Label]]


class DescribedDatasetDocument(DatasetDocument):
    """All that is known of a stored dataset."""

    columns: list[ColumnDocument]
    warnings: list[WarningDocument]


class DatasetsDocument(TypedDict):
    """A page of datasets, newest first."""

    data: list[DatasetDocument]
    has_more: bool
    next_cursor: str | None


class RowsDocument(TypedDict):
    """A page of a dataset: rows of inputs and then targets. `first_row` counts from 0."""

    object: Literal["rows"]
    dataset_id: str
    column_names: list[str]
    first_row: int
    data: list[list[float | Label]]
    has_more: bool
    next_cursor: str | None


class DatasetContentDocument(TypedDict):
    """A dataset whole, as `POST /v1/datasets` takes it."""

    name: str | None
    problem: Problem
    column_names: list[str]
    inputs: list[list[float]]
    targets: list[float | Label | list[float]]


class StatusDocument(TypedDict):
    """One status a job can have."""

    status: Status
    is_terminal: bool


#: `from` is a word of Python, hence the call.
TransitionDocument = TypedDict(
    "TransitionDocument",
    {"event": Event, "from": list[Status], "to": Status, "by": str, "meaning": str},
)


class VersionsDocument(TypedDict):
    """Which version of what. Equal `numerics` and equal fingerprints mean equal weights."""

    gradqueue: str
    api: Literal["v1"]
    numerics: int
    weights_format: int


class MetaDocument(TypedDict):
    """What the service is and allows."""

    object: Literal["meta"]
    versions: VersionsDocument
    statuses: list[StatusDocument]
    transitions: list[TransitionDocument]
    job_errors: list[JobError]
    losses: dict[Loss, Problem]
    generators: list[GeneratorName]
    limits: dict[str, int]


class LivingWorkersDocument(TypedDict):
    """The workers that are alive, and how many jobs they train at a time."""

    alive: int
    processes: int


class QueueDocument(TypedDict):
    """The caller's jobs in numbers. The oldest is the first submitted of those that are queued."""

    object: Literal["queue"]
    jobs: dict[str, int]
    oldest_queued_seconds: float | None
    epochs_per_second: float
    workers: LivingWorkersDocument


class InputProblem(TypedDict):
    """One thing wrong with the input.

    Rows and columns of a JSON table count from 0, as in the pointer. Of a CSV file there are no pointers:
    lines and columns count from 1.
    """

    pointer: str
    code: InputCode
    detail: str
    row: NotRequired[int]
    column: NotRequired[int]
    line: NotRequired[int]


class ProblemDocument(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: NotRequired[list[InputProblem]]
    errors_total: NotRequired[int]
    allowed: NotRequired[list[str]]
    parts: NotRequired[dict[str, bool]]
    line: NotRequired[int]
    column: NotRequired[int]
    offset: NotRequired[int]
