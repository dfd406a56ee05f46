"""What is measured beside the loss: accuracy for classification, R^2 for regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nn.numerics import Floats, ordered_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nn.spec import Problem, TrainingSpec


def metric_names(problem: Problem, with_validation: bool) -> tuple[str, ...]:
    """Return the names of a curve's metrics, in order; the losses come first."""
    score = "accuracy" if problem == "classification" else "r2"
    if not with_validation:
        return "train_loss", score
    return "train_loss", "validation_loss", score, f"validation_{score}"


def monitored_metric(training: TrainingSpec, names: Sequence[str]) -> str:
    """Return which metric decides what the best epoch is: early stopping's, or else the validation loss."""
    if training.early_stopping is not None:
        return training.early_stopping.monitor
    return "validation_loss" if "validation_loss" in names else "train_loss"


def is_right(predictions: Sequence[float], targets: Sequence[float]) -> bool:
    """Whether the predicted class is the target's.

    One prediction means class 1 if it is > 0, the value before a sigmoid; several mean the class of the
    first largest.
    """
    if len(predictions) == 1:
        return (predictions[0] > 0.0) == (targets[0] > 0.0)
    return first_largest(predictions) == first_largest(targets)


def first_largest(values: Sequence[float]) -> int:
    """Return the index of the largest value, the first of equals."""
    best = 0
    for index in range(1, len(values)):
        if values[index] > values[best]:
            best = index
    return best


@np.errstate(all="ignore")
def total_squares(targets: Floats) -> list[float]:
    """Return the squared distances of targets (n, m) from their mean, summed in row order per output."""
    distance = targets - ordered_sum(targets) / len(targets)
    totals: list[float] = ordered_sum(distance * distance).tolist()
    return totals


def r2(residual: Sequence[float], total: Sequence[float]) -> float:
    """Return 1 - residual / total averaged over the outputs, added in order from 0.

    As scikit-learn's `r2_score`: an output whose targets are all equal counts 1 if predicted exactly, else 0.
    """
    score = 0.0
    for left, whole in zip(residual, total, strict=True):
        if whole > 0.0:
            score += 1.0 - left / whole
        elif left == 0.0:
            score += 1.0
    return score / len(residual)
