"""From a dataset request to the numbers: read, looked up, or generated."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from nn.data import Dataset, Label
from nn.generators import generate
from services.schemas.dataset_request import GeneratedDataset, InlineDataset, StoredDataset
from services.schemas.fields import LARGEST_EXACT_INTEGER

if TYPE_CHECKING:
    from nn.numerics import Floats
    from nn.spec import Problem
    from services.schemas.findings import Findings

#: Returns the stored dataset of this id, or None if the client has none of that id.
FindDataset = Callable[[str], Dataset | None]

AnyDataset = InlineDataset | StoredDataset | GeneratedDataset


def read_dataset(
    request: AnyDataset, problem: Problem | None, find: FindDataset, findings: Findings, at: str
) -> Dataset | None:
    """Return the dataset that stands at the pointer `at`; None if findings say why there is none.

    `problem` is what the client says it is, if anything; the dataset must agree.
    """
    if isinstance(request, InlineDataset):
        dataset = inline(request, problem, findings, at)
    elif isinstance(request, GeneratedDataset):
        dataset = generate(request.generator, request.rows, request.noise, request.seed)
    else:
        dataset = find(request.id)
        if dataset is None:
            findings.add("unknown_dataset", "there is no such dataset", f"{at}/id")
    if dataset is not None and problem is not None and problem != problem_of(dataset):
        detail = f"this dataset is made for {problem_of(dataset)}, not for {problem}"
        findings.add("inconsistent", detail, targets_pointer(request, at), "/problem")
        return None
    return dataset


def problem_of(dataset: Dataset) -> Problem:
    """Return what can be learned from a dataset: classes if it has labels, else numbers."""
    return "regression" if dataset.labels is None else "classification"


def targets_pointer(request: AnyDataset, at: str) -> str:
    """Return the pointer to what decides the targets of the dataset that stands at `at`."""
    if isinstance(request, InlineDataset):
        return f"{at}/targets"
    return f"{at}/generator" if isinstance(request, GeneratedDataset) else f"{at}/id"


def inline(request: InlineDataset, problem: Problem | None, findings: Findings, at: str) -> Dataset | None:
    """Return the dataset written at the pointer `at`; None if findings say why it is none."""
    targets = request.targets
    if problem == "classification":
        labels = targets if isinstance(targets, list) else _integers(targets, findings, at)
        return None if labels is None else labelled(request.inputs, labels)
    if isinstance(targets, list):
        detail = 'labels need "problem": "classification"'
        findings.add("inconsistent", detail, f"{at}/targets", "/problem")
        return None
    return Dataset(request.inputs, targets)


def _integers(targets: Floats, findings: Findings, at: str) -> list[Label] | None:
    """Return one integer label per row of numbers (n, 1)."""
    if targets.shape[1] != 1:
        detail = f"classification needs one label per row, not {targets.shape[1]} numbers"
        findings.add("inconsistent", detail, f"{at}/targets", "/problem")
        return None
    column = targets[:, 0]
    strange = np.flatnonzero((column != np.floor(column)) | (np.abs(column) > LARGEST_EXACT_INTEGER))
    for row in strange.tolist():
        detail = f"row {row}: a label is a text or an integer, not {column[row]:g}"
        findings.add("type", detail, f"{at}/targets/{row}", row=row)
    return None if strange.size else [int(value) for value in column.tolist()]


def labelled(inputs: Floats, labels: list[Label]) -> Dataset:
    """Return inputs (n, d) with one label each as a dataset for classification."""
    classes = tuple(sorted(set(labels)))
    index = {label: float(number) for number, label in enumerate(classes)}
    return Dataset(inputs, np.array([[index[label]] for label in labels]), classes)
