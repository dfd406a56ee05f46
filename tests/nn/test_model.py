"""A model predicts with the bits of the network it came from, and comes back from its bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import elementary
from nn.metrics import first_largest
from nn.model import Model, TrainedLayer, model_of, model_of_checkpoint
from nn.packing import Unreadable
from nn.reference import flat_parameters, network_of
from nn.scaling import Scaler
from tests.nn.jobs import JOBS, train


def trained(name: str) -> Model:
    job = JOBS[name]
    trainer, _ = train(job)
    return model_of(job.spec, job.prepared, trainer.parameters(), trainer.kept_epoch)


def outputs_of_network(name: str) -> np.ndarray:
    """Return what the trained network on `Value`s gives for the dataset's inputs, sample by sample."""
    job = JOBS[name]
    trainer, _ = train(job)
    network = network_of(job.spec, job.dataset.inputs.shape[1])
    for value, number in zip(flat_parameters(network), trainer.parameters().tolist(), strict=True):
        value.data = number
    scaler = job.prepared.scaler
    inputs = job.dataset.inputs if scaler is None else scaler.apply(job.dataset.inputs)
    return np.array([[value.data for value in network.outputs(row)] for row in inputs.tolist()])


@pytest.mark.parametrize("name", JOBS)
def test_predictions_have_the_bits_of_the_network(name: str) -> None:
    job = JOBS[name]
    expected = outputs_of_network(name)
    if job.spec.training.loss == "binary_cross_entropy":
        expected = np.array([[elementary.sigmoid(value) for value in row] for row in expected.tolist()])
    if job.spec.training.loss == "cross_entropy":
        rows = []
        for row in expected.tolist():
            powers = [elementary.exp(value - max(row)) for value in row]
            rows.append([power / sum(powers) for power in powers])
        expected = np.array(rows)
    assert trained(name).predict(job.dataset.inputs).tolist() == expected.tolist()


@pytest.mark.parametrize("name", JOBS)
def test_a_model_comes_back_from_its_bytes(name: str) -> None:
    model = trained(name)
    back = Model.from_bytes(model.to_bytes())
    assert back.to_bytes() == model.to_bytes()
    assert back.sha256 == model.sha256
    assert (back.epoch, back.problem, back.labels) == (model.epoch, model.problem, model.labels)
    inputs = JOBS[name].dataset.inputs
    assert back.predict(inputs).tolist() == model.predict(inputs).tolist()


@pytest.mark.parametrize("name", JOBS)
def test_a_checkpoints_model_is_that_of_its_kept_epoch(name: str) -> None:
    job = JOBS[name]
    trainer, _ = train(job)
    model = model_of_checkpoint(job.spec, job.prepared, trainer.checkpoint())
    assert model.sha256 == trained(name).sha256
    assert model.epoch == trainer.kept_epoch


def test_the_digest_depends_on_all_that_decides_a_prediction_and_on_nothing_else() -> None:
    model = trained("three classes")
    assert model.scaler is not None
    first, *rest = model.layers
    changed = [
        replace(model, labels=("ash", "elm", "yew")),
        replace(model, scaler=None),
        replace(model, scaler=Scaler(model.scaler.mean, model.scaler.scale + 1.0)),
        replace(model, layers=(replace(first, activation="sigmoid"), *rest)),
        replace(model, layers=(replace(first, biases=np.nextafter(first.biases, 1e9)), *rest)),
        replace(model, layers=(replace(first, weights=-first.weights), *rest)),
    ]
    assert len({model.sha256, *(each.sha256 for each in changed)}) == 1 + len(changed)
    assert replace(model, epoch=99).sha256 == model.sha256


def test_classes_are_the_first_largest_or_above_the_middle() -> None:
    several = trained("three classes")
    outputs = several.predict(JOBS["three classes"].dataset.inputs)
    assert several.classes(outputs).tolist() == [first_largest(row) for row in outputs.tolist()]
    assert trained("xor").classes(np.array([[0.4], [0.5], [0.6]])).tolist() == [0, 0, 1]
    assert trained("micrograd's moons").classes(np.array([[-0.1], [0.0], [0.1]])).tolist() == [0, 0, 1]


def test_softmax_outputs_are_probabilities() -> None:
    outputs = trained("three classes").predict(JOBS["three classes"].dataset.inputs * 1e6)
    assert np.isfinite(outputs).all()
    assert outputs.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("rows", [0, 1])
def test_any_number_of_rows_can_be_predicted(rows: int) -> None:
    for name in ("xor", "three classes", "tutorial"):
        model = trained(name)
        assert model.predict(np.zeros((rows, model.inputs))).shape == (rows, len(model.layers[-1].biases))


def test_parts_that_do_not_fit_are_refused() -> None:
    layer = TrainedLayer(np.zeros((1, 2)), np.zeros(1), "linear")
    good = Model(2, (layer,), None, None, "regression", 1)
    with pytest.raises(ValueError, match="layer 0"):
        replace(good, inputs=3)
    with pytest.raises(ValueError, match="layer 1"):
        replace(good, layers=(layer, layer))
    with pytest.raises(ValueError, match="scaler"):
        replace(good, scaler=Scaler(np.zeros(3), np.ones(3)))
    with pytest.raises(ValueError, match="labels"):
        replace(good, problem="classification")
    with pytest.raises(ValueError, match="3 labels"):
        replace(good, problem="classification", labels=("a", "b", "c"))


def test_other_bytes_are_refused() -> None:
    with pytest.raises(Unreadable):
        Model.from_bytes(JOBS["tutorial"].dataset.to_bytes())
