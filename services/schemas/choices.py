"""What a request leaves open is chosen here, so that a spec has nothing left to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nn.losses import LOSSES
from nn.spec import EarlyStopping, ModelSpec, Spec, TrainingSpec, ValidationSplit
from services.schemas.data import problem_of

if TYPE_CHECKING:
    from nn.data import Dataset
    from nn.spec import Initializer, Loss, OutputActivation, Problem
    from services.schemas.job_request import JobRequest
    from services.schemas.model_request import ModelRequest
    from services.schemas.training_request import TrainingRequest

#: Inputs whose largest value is in this range train well as they are; others are standardised by default.
#: Largest and not mean or deviation: a comparison gives the same answer on every machine.
COMFORTABLE = (0.1, 3.0)


def choose(request: JobRequest, dataset: Dataset) -> Spec:
    """Return the spec of a request, every default filled in. Says nothing about whether it makes sense."""
    problem, model = problem_of(dataset), request.model
    loss = request.training.loss
    if loss == "auto":
        loss = _loss(problem, model, dataset)
    layers = tuple(model.layers or ()) or (*(model.hidden_layers or ()), wanted_outputs(loss, dataset))
    activations = model.activations()
    output: OutputActivation = "linear"
    if model.output_activation != "auto":
        output = model.output_activation
    elif LOSSES[loss].before_activation:
        output = LOSSES[loss].output_activations[0]
    initializer: Initializer = "he" if {"relu", "leaky_relu"} & set(activations) else "xavier"
    if model.initializer != "auto":
        initializer = model.initializer
    spec_of_model = ModelSpec(layers, activations, output, initializer)
    return Spec(problem, spec_of_model, _training(request.training, loss, problem, dataset))


def wanted_outputs(loss: Loss, dataset: Dataset) -> int:
    """Return how many outputs the network must have."""
    match LOSSES[loss].outputs:
        case "one":
            return 1
        case "classes":
            return len(dataset.labels or ())
        case "any":
            return int(dataset.targets.shape[1])


def _loss(problem: Problem, model: ModelRequest, dataset: Dataset) -> Loss:
    if problem == "regression":
        return "squared_error"
    one_output = model.layers is None or model.layers[-1] == 1
    if len(dataset.labels or ()) == 2 and one_output and model.output_activation != "softmax":
        return "binary_cross_entropy"
    return "cross_entropy"


def _training(request: TrainingRequest, loss: Loss, problem: Problem, dataset: Dataset) -> TrainingSpec:
    validation, stopping = request.validation, request.early_stopping
    split = early_stopping = None
    if validation is not None and validation.fraction is not None:
        stratify = problem == "classification" if validation.stratify is None else validation.stratify
        split = ValidationSplit(validation.fraction, stratify)
    if stopping is not None:
        monitor = stopping.monitor or ("train_loss" if validation is None else "validation_loss")
        early_stopping = EarlyStopping(monitor, stopping.patience, stopping.min_delta, stopping.restore_best)
    standardize = request.standardize
    return TrainingSpec(
        epochs=request.epochs,
        learning_rate=request.learning_rate,
        optimizer=request.optimizer.spec(),
        schedule=request.schedule.spec(),
        loss=loss,
        reduction=request.reduction,
        batch_size=request.batch_size,
        shuffle=request.shuffle,
        seed=request.seed,
        l1=request.l1,
        l2=request.l2,
        gradient_clip_norm=request.gradient_clip_norm,
        validation_split=split,
        early_stopping=early_stopping,
        standardize=_is_uncomfortable(dataset) if standardize is None else standardize,
    )


def _is_uncomfortable(dataset: Dataset) -> bool:
    """Return whether some column that varies has its largest value (in size) out of the comfortable range."""
    inputs = dataset.inputs
    largest = np.abs(inputs).max(axis=0)
    varies = inputs.min(axis=0) < inputs.max(axis=0)
    return bool((varies & ((largest < COMFORTABLE[0]) | (largest > COMFORTABLE[1]))).any())
