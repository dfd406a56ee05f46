"""From a dataset to what a trainer is fed: split, standardised, targets written as the loss reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nn.losses import LOSSES
from nn.scaling import Scaler, fit_scaler
from nn.split import split_rows

if TYPE_CHECKING:
    from nn.data import Dataset, Label
    from nn.numerics import Floats
    from nn.spec import Spec


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Inputs (n, d) and targets (n, m) to train on and, if any, to validate with; m outputs."""

    train_inputs: Floats
    train_targets: Floats
    validation_inputs: Floats | None
    validation_targets: Floats | None
    scaler: Scaler | None
    labels: tuple[Label, ...] | None


def prepare(spec: Spec, dataset: Dataset, validation: Dataset | None = None) -> Prepared:
    """Return the data as every trainer of `spec` is given it.

    Without a validation dataset of its own, `validation_split` holds rows of `dataset` out. The scaler is
    fitted on the rows trained on.

    Raises:
        ValueError: the data does not fit the spec (a label unknown to training, too few rows to split).
    """
    inputs, targets = dataset.inputs, encode_targets(spec, dataset, dataset.labels)
    split = spec.training.validation_split
    held_inputs = held_targets = None
    if validation is not None:
        held_inputs, held_targets = validation.inputs, encode_targets(spec, validation, dataset.labels)
    elif split is not None:
        classes = None if dataset.labels is None else dataset.targets[:, 0]
        kept, held = split_rows(split, classes, dataset.rows, spec.training.seed)
        inputs, targets, held_inputs, held_targets = inputs[kept], targets[kept], inputs[held], targets[held]

    scaler = fit_scaler(inputs) if spec.training.standardize else None
    if scaler is not None:
        inputs = scaler.apply(inputs)
        held_inputs = None if held_inputs is None else scaler.apply(held_inputs)
    return Prepared(inputs, targets, held_inputs, held_targets, scaler, dataset.labels)


def encode_targets(spec: Spec, dataset: Dataset, labels: tuple[Label, ...] | None) -> Floats:
    """Return the targets (n, m) in the form the loss expects; `labels` numbers the classes.

    Raises:
        ValueError: the dataset has a label that is not among `labels`.
    """
    if labels is None or dataset.labels is None:
        return dataset.targets
    number = {label: index for index, label in enumerate(labels)}
    unknown = [label for label in dataset.labels if label not in number]
    if unknown:
        raise ValueError(f"the training data has no label {unknown[0]!r}")
    renumbered = np.array([number[label] for label in dataset.labels])
    classes = renumbered[dataset.targets[:, 0].astype(np.int64)]
    match LOSSES[spec.training.loss].targets:
        case "one_hot":
            one_hot: Floats = np.eye(len(labels))[classes]
            return one_hot
        case "minus_one_or_one":
            return np.where(classes == 1, 1.0, -1.0).reshape(-1, 1)
        case _:
            return classes.astype(np.float64).reshape(-1, 1)
