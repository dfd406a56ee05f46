"""Accuracy and R^2 agree with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import r2_score

from nn.metrics import first_largest, is_right, metric_names, monitored_metric, r2, total_squares
from nn.spec import EarlyStopping
from tests.nn.jobs import training


def r2_of(predictions: np.ndarray, targets: np.ndarray) -> float:
    return r2(((predictions - targets) ** 2).sum(axis=0).tolist(), total_squares(targets))


@pytest.mark.parametrize("outputs", [1, 3])
def test_r2_is_scikit_learns_averaged_over_the_outputs(outputs: int) -> None:
    source = np.random.default_rng(outputs)
    targets = source.normal(5.0, 2.0, (40, outputs))
    predictions = targets + source.normal(0.0, 1.0, (40, outputs))
    assert r2_of(predictions, targets) == pytest.approx(r2_score(targets, predictions))


def test_r2_of_equal_targets_is_one_if_exact_and_else_zero_as_in_scikit_learn() -> None:
    targets = np.full((3, 1), 2.0)
    assert r2_of(targets, targets) == r2_score(targets, targets) == 1.0
    assert r2_of(targets + 1.0, targets) == r2_score(targets, targets + 1.0) == 0.0


def test_one_output_says_class_one_above_zero() -> None:
    assert is_right([0.1], [1.0])
    assert is_right([0.0], [0.0])
    assert is_right([-0.1], [-1.0])
    assert not is_right([0.1], [-1.0])


def test_several_outputs_say_the_class_of_the_first_largest() -> None:
    assert first_largest([1.0, 3.0, 3.0]) == 1
    assert is_right([0.5, 2.0, 1.0], [0.0, 1.0, 0.0])
    assert not is_right([2.0, 2.0, 1.0], [0.0, 1.0, 0.0])


def test_the_losses_come_first_in_a_curve() -> None:
    assert metric_names("regression", False) == ("train_loss", "r2")
    assert metric_names("classification", True) == (
        "train_loss", "validation_loss", "accuracy", "validation_accuracy",
    )  # fmt: skip


def test_the_validation_loss_is_monitored_if_there_is_one_and_nothing_else_is_asked_for() -> None:
    without, with_validation = metric_names("regression", False), metric_names("regression", True)
    assert monitored_metric(training(), without) == "train_loss"
    assert monitored_metric(training(), with_validation) == "validation_loss"
    stopping = EarlyStopping("train_loss", 1, 0.0, restore_best=False)
    assert monitored_metric(training(early_stopping=stopping), with_validation) == "train_loss"
