"""Checks that look at several parts of a request at once. Each names every place that takes part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nn.losses import LOSSES
from services.schemas.choices import wanted_outputs
from services.schemas.data import targets_pointer
from services.schemas.dataset_request import InlineDataset
from services.schemas.size import size_of

if TYPE_CHECKING:
    from nn.data import Dataset
    from nn.spec import OutputActivation, Spec
    from services.schemas.findings import Findings
    from services.schemas.job_request import JobRequest
    from services.settings import Limits

#: What an output activation can produce, where that is less than every number.
_RANGES: dict[OutputActivation, tuple[float, float]] = {
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, np.inf),
}

_DATASET = "/dataset"
_VALIDATION = "/training/validation/dataset"
_LOSS = "/training/loss"
_OUTPUT = "/model/output_activation"


def check_spec(request: JobRequest, spec: Spec, dataset: Dataset, findings: Findings) -> None:
    """Note where loss, layers, output activation and targets contradict each other."""
    loss, targets = spec.training.loss, targets_pointer(request.dataset, _DATASET)
    row = LOSSES[loss]
    if row.problem != spec.problem:
        detail = f"{loss} is for {row.problem}, and this is {spec.problem}"
        findings.add("inconsistent", detail, _LOSS, targets)
        return
    if dataset.labels is not None and len(dataset.labels) < 2:
        findings.add("inconsistent", "all labels are the same: there is nothing to tell apart", targets)
    elif row.outputs == "one" and len(dataset.labels or ()) != 2:
        detail = f"{loss} tells two classes apart, and there are {len(dataset.labels or ())}"
        findings.add("inconsistent", detail, _LOSS, targets)
    elif spec.model.layers[-1] != wanted_outputs(loss, dataset):
        detail = f"the last layer has {spec.model.layers[-1]} outputs; {loss} on these targets needs "
        findings.add("inconsistent", f"{detail}{wanted_outputs(loss, dataset)}", _last_layer(spec), targets)
    if spec.model.output_activation not in row.output_activations:
        detail = f"{loss} goes with {', '.join(row.output_activations)}, not {spec.model.output_activation}"
        findings.add("inconsistent", detail, _OUTPUT, _LOSS)
    elif spec.problem == "regression":
        _check_range(spec.model.output_activation, dataset, findings, targets)


def check_validation(
    request: JobRequest, dataset: Dataset, validation: Dataset | None, findings: Findings
) -> None:
    """Note where the samples to validate with do not fit those to train on."""
    asked = request.training.validation
    if asked is None:
        return
    if asked.dataset is None and dataset.rows < 2:
        findings.add("inconsistent", "one row cannot be split", "/training/validation/fraction", _DATASET)
    if asked.stratify and dataset.labels is None:
        detail = "stratify needs classes, and this is regression"
        findings.add("inconsistent", detail, "/training/validation/stratify", _DATASET)
    if validation is None or asked.dataset is None:
        return
    columns, wanted = validation.inputs.shape[1], dataset.inputs.shape[1]
    if columns != wanted:
        detail = f"training has {wanted} input columns and validation {columns}"
        findings.add("inconsistent", detail, _inputs_pointer(request), _inputs_pointer(request, _VALIDATION))
    places = (targets_pointer(request.dataset, _DATASET), targets_pointer(asked.dataset, _VALIDATION))
    if validation.targets.shape[1] != dataset.targets.shape[1]:
        findings.add("inconsistent", "training and validation differ in the number of targets", *places)
    unknown = sorted(set(validation.labels or ()) - set(dataset.labels or ()))
    if unknown:
        findings.add("inconsistent", f"training has no label {unknown[0]!r}", places[1])


def check_size(spec: Spec, dataset: Dataset, limits: Limits, findings: Findings) -> None:
    """Note that a network or its training would be too large; nothing of it exists yet."""
    size = size_of(spec, dataset)
    if size.parameters > limits.parameters:
        detail = (
            f"the network would have {size.parameters} parameters; at most {limits.parameters} are allowed"
        )
        findings.add("model_too_large", detail, "/model")
        return
    if size.work > limits.budget:
        detail = f"epochs x rows x parameters would be {size.work}; at most {limits.budget} are allowed"
        findings.add("budget_exceeded", detail, "/training/epochs", _DATASET, "/model")


def _check_range(output: OutputActivation, dataset: Dataset, findings: Findings, targets: str) -> None:
    low, high = _RANGES.get(output, (-np.inf, np.inf))
    outside = np.flatnonzero(((dataset.targets < low) | (dataset.targets > high)).any(axis=1))
    if outside.size:
        detail = f"{output} gives {low:g} to {high:g}, and row {outside[0]} is outside"
        findings.add("inconsistent", detail, _OUTPUT)
        findings.add("inconsistent", detail, targets, row=int(outside[0]))


def _last_layer(spec: Spec) -> str:
    return f"/model/layers/{len(spec.model.layers) - 1}"


def _inputs_pointer(request: JobRequest, at: str = _DATASET) -> str:
    asked = request.training.validation
    given = request.dataset if at == _DATASET or asked is None else asked.dataset
    return f"{at}/inputs" if isinstance(given, InlineDataset) else at
