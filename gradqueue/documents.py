"""The shapes of the JSON documents that the service sends. A newer service may send further fields."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

JobStatus = Literal["queued", "running", "paused", "succeeded", "failed", "cancelled"]


class Progress(TypedDict):
    """How far a job is. `fraction` is 0..1; the last two are None before the first measurement."""

    epoch: int
    epochs: int
    fraction: float
    epochs_per_second: float | None
    eta_seconds: float | None


class Durations(TypedDict):
    """Seconds a job has waited and trained, over all its attempts."""

    queued_seconds: float
    running_seconds: float


class JobError(TypedDict):
    """Why a job failed."""

    code: str
    detail: str


class Job(TypedDict):
    """A job, from POST to its terminal status. `resolved` is the spec with every default written out."""

    id: str
    object: Literal["job"]
    name: str | None
    status: JobStatus
    is_terminal: bool
    created_at: str
    started_at: str | None
    finished_at: str | None
    attempt: int
    resolved: dict[str, Any]
    dataset_id: str
    progress: Progress
    latest: dict[str, float] | None
    best: dict[str, float] | None
    durations: Durations
    stop_reason: str | None
    error: JobError | None
    fingerprint: str
    weights_sha256: str | None
    trainer: str | None
    model_id: str | None
    metadata: dict[str, str]
    links: dict[str, str]


class Dataset(TypedDict):
    """A stored dataset. `inputs` and `targets` count columns."""

    id: str
    object: Literal["dataset"]
    name: str | None
    created_at: str
    sha256: str
    problem: Literal["regression", "classification"]
    rows: int
    inputs: int
    targets: int
    labels: list[str | int] | None
    links: dict[str, str]


class Column(TypedDict):
    """One column: of numbers (`std` is the population's), or of labels and how many rows have each."""

    name: str
    role: Literal["input", "target"]
    min: NotRequired[float]
    max: NotRequired[float]
    mean: NotRequired[float]
    std: NotRequired[float]
    labels: NotRequired[list[str | int]]
    counts: NotRequired[list[int]]


class DatasetWarning(TypedDict):
    """What is allowed but probably not meant: `total` columns, rows or labels, the first ones listed."""

    code: str
    detail: str
    total: int
    columns: NotRequired[list[str]]
    rows: NotRequired[list[int]]
    labels: NotRequired[list[str | int]]


class DescribedDataset(Dataset):
    """A stored dataset with its columns, and what may be wrong with it."""

    columns: list[Column]
    warnings: list[DatasetWarning]


class Layer(TypedDict):
    """One layer: `weights[j][i]` connects input `i` to neuron `j`."""

    weights: list[list[float]]
    biases: list[float]
    activation: str


class Scaler(TypedDict):
    """What each input goes through first: (x - mean) / scale."""

    mean: list[float]
    scale: list[float]


class Weights(TypedDict):
    """A trained network, complete: `docs/weights.md` shows how to run it in a few lines."""

    object: Literal["weights"]
    job_id: str | None
    epoch: int
    format_version: int
    numerics_version: int
    weights_sha256: str
    inputs: int
    standardize: Scaler | None
    labels: list[str | int] | None
    layers: list[Layer]


class Predictions(TypedDict):
    """One prediction per input. For classification `probabilities[row][k]` belongs to `labels[k]`."""

    object: Literal["predictions"]
    model_id: str
    predictions: list[Any]
    labels: NotRequired[list[str | int]]
    probabilities: NotRequired[list[list[float]]]
