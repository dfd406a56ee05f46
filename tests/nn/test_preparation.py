"""What a trainer is fed: held-out rows, standardised inputs, targets as the loss reads them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from nn.data import Dataset
from nn.preparation import prepare
from nn.scaling import fit_scaler
from nn.spec import ValidationSplit
from nn.split import split_rows
from tests.nn.jobs import MOONS, classification, model, regression


def held_out(fraction: float, classes: list[int], stratify: bool = True, seed: int = 0) -> list[int]:
    array = np.array(classes, dtype=np.float64)
    kept, held = split_rows(ValidationSplit(fraction, stratify), array, len(classes), seed)
    assert sorted([*kept.tolist(), *held.tolist()]) == list(range(len(classes)))
    assert (np.diff(kept) > 0).all()
    assert (np.diff(held) > 0).all()
    rows: list[int] = held.tolist()
    return rows


@pytest.mark.parametrize(
    ("fraction", "rows", "count"), [(0.2, 10, 2), (0.25, 10, 3), (0.07, 100, 7), (0.01, 10, 1), (0.99, 10, 9)]
)
def test_the_held_out_rows_are_the_fraction_rounded_half_up_but_never_none_or_all(
    fraction: float, rows: int, count: int
) -> None:
    assert len(held_out(fraction, [0] * rows)) == count
    assert len(held_out(fraction, [0] * rows, stratify=False)) == count


def test_stratify_holds_out_every_classs_share() -> None:
    classes = [0] * 50 + [1] * 30 + [2] * 20
    shares = np.bincount([classes[row] for row in held_out(0.2, classes)])
    assert shares.tolist() == [10, 6, 4]


def test_largest_remainders_get_the_rows_that_are_left() -> None:
    classes = [0] * 7 + [1] * 7 + [2] * 6  # 5 of 20: 1.75, 1.75, 1.5
    shares = np.bincount([classes[row] for row in held_out(0.25, classes)])
    assert shares.tolist() == [2, 2, 1]


def test_a_class_of_one_sample_keeps_it_for_training() -> None:
    classes = [0] * 5 + [1]  # 4 of 6: 3.33 and 0.67, so that the remainder alone would take it
    for seed in range(5):
        assert 5 not in held_out(0.67, classes, seed=seed)


def test_the_seed_decides_which_rows() -> None:
    classes = [0, 1] * 20
    assert held_out(0.3, classes, seed=1) == held_out(0.3, classes, seed=1)
    assert held_out(0.3, classes, seed=1) != held_out(0.3, classes, seed=2)
    assert held_out(0.3, classes, stratify=False, seed=1) != held_out(0.3, classes, seed=1)


def test_one_row_cannot_be_split() -> None:
    with pytest.raises(ValueError, match="one sample"):
        held_out(0.5, [0])


def test_a_scaler_is_scikit_learns() -> None:
    inputs = np.random.default_rng(0).normal(3.0, 20.0, (50, 4))
    theirs = StandardScaler().fit(inputs)
    ours = fit_scaler(inputs)
    assert np.allclose(ours.mean, theirs.mean_, rtol=1e-13)
    assert np.allclose(ours.scale, theirs.scale_, rtol=1e-13)
    assert np.allclose(ours.apply(inputs), theirs.transform(inputs))


def test_a_constant_column_becomes_zero_exactly() -> None:
    """The mean of ten times 0.1 is not 0.1, so a computed deviation would be tiny but not 0."""
    inputs = np.full((10, 1), 0.1)
    scaler = fit_scaler(inputs)
    assert scaler.scale.tolist() == [1.0]
    assert not scaler.apply(inputs).any()


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_a_variance_no_double_can_hold_leaves_the_scale_at_one(size: float) -> None:
    assert fit_scaler(np.array([[0.0], [size]])).scale.tolist() == [1.0]


def test_the_scaler_is_fitted_on_the_rows_trained_on() -> None:
    spec = regression(model(1), standardize=True, validation_split=ValidationSplit(0.5, stratify=False))
    dataset = Dataset(np.array([[1.0], [2.0], [30.0], [400.0]]), np.zeros((4, 1)))
    prepared = prepare(spec, dataset)
    assert prepared.scaler is not None
    assert abs(prepared.train_inputs.mean()) < 1e-12
    assert prepared.validation_inputs is not None
    assert abs(prepared.validation_inputs.mean()) > 0.1


@pytest.mark.parametrize(
    ("loss", "outputs", "expected"),
    [
        ("hinge", 1, [[1.0], [-1.0]]),
        ("binary_cross_entropy", 1, [[1.0], [0.0]]),
        ("cross_entropy", 2, [[0.0, 1.0], [1.0, 0.0]]),
    ],
)
def test_classes_are_written_as_the_loss_reads_them(
    loss: str, outputs: int, expected: list[list[float]]
) -> None:
    dataset = Dataset(np.zeros((2, 1)), np.array([[1.0], [0.0]]), ("no", "yes"))
    prepared = prepare(classification(model(outputs), loss=loss), dataset)
    assert prepared.train_targets.tolist() == expected
    assert prepared.labels == ("no", "yes")


def test_a_validation_dataset_is_renumbered_by_the_training_labels() -> None:
    spec = classification(model(3), loss="cross_entropy")
    dataset = Dataset(np.zeros((3, 1)), np.array([[0.0], [1.0], [2.0]]), ("a", "b", "c"))
    validation = Dataset(np.zeros((1, 1)), np.array([[0.0]]), ("c",))
    targets = prepare(spec, dataset, validation).validation_targets
    assert targets is not None
    assert targets.tolist() == [[0.0, 0.0, 1.0]]
    with pytest.raises(ValueError, match="no label 'd'"):
        prepare(spec, dataset, Dataset(np.zeros((1, 1)), np.array([[0.0]]), ("d",)))


def test_without_a_split_nothing_is_held_out() -> None:
    prepared = prepare(classification(model(1), loss="hinge"), MOONS)
    assert prepared.validation_inputs is None
    assert prepared.validation_targets is None
    assert prepared.train_inputs is MOONS.inputs
