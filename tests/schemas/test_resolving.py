"""What a request leaves open, how it is written down, and that the written form asks for the same again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import spec as nn_spec
from services.schemas import resolved
from services.schemas.submission import understand
from services.settings import Limits
from tests.support.requests import CLASSES, SMALLEST, TUTORIAL, changed, submission

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.json"))


def test_someone_who_says_little_gets_good_defaults_and_sees_them() -> None:
    assert submission(SMALLEST).resolved == {
        "problem": "regression",
        "dataset": None,
        "model": {
            "layers": [4, 1],
            "activation": ["relu"],
            "output_activation": "linear",
            "initializer": "he",
        },
        "training": {
            "epochs": 200,
            "learning_rate": 0.01,
            "optimizer": {"type": "adam", "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
            "schedule": {"type": "constant"},
            "loss": "squared_error",
            "reduction": "mean",
            "batch_size": 32,
            "shuffle": True,
            "seed": 0,
            "l1": 0.0,
            "l2": 0.0,
            "gradient_clip_norm": None,
            "validation": None,
            "early_stopping": None,
            "standardize": False,
        },
        "limits": {"timeout_seconds": 86_400.0, "max_attempts": 3},
        "priority": 0,
    }


@pytest.mark.parametrize(
    ("labels", "model", "loss", "layers", "output"),
    [
        (["a", "b", "a", "b"], {"hidden_layers": [4]}, "binary_cross_entropy", [4, 1], "sigmoid"),
        ([0, 1, 1, 0], {"hidden_layers": []}, "binary_cross_entropy", [1], "sigmoid"),
        (["a", "b", "c", "b"], {"hidden_layers": [4]}, "cross_entropy", [4, 3], "softmax"),
        (["a", "b", "a", "b"], {"layers": [4, 2]}, "cross_entropy", [4, 2], "softmax"),
        (["a", "b", "a", "b"], {"layers": [4, 1]}, "binary_cross_entropy", [4, 1], "sigmoid"),
        (
            ["a", "b", "a", "b"],
            {"hidden_layers": [4], "output_activation": "softmax"},
            "cross_entropy",
            [4, 2],
            "softmax",
        ),
    ],
)
def test_classification_chooses_loss_and_outputs_by_the_number_of_classes(
    labels: list[Any], model: dict[str, Any], loss: str, layers: list[int], output: str
) -> None:
    document = submission(changed(CLASSES, {"/dataset/targets": labels, "/model": model})).resolved
    assert document["training"]["loss"] == loss
    assert document["model"]["layers"] == layers
    assert document["model"]["output_activation"] == output


def test_labels_are_sorted_integers_by_value_and_texts_by_code_point() -> None:
    def labels(targets: list[Any]) -> Any:
        dataset = submission(changed(CLASSES, {"/dataset/targets": targets})).dataset
        assert not isinstance(dataset, str)
        return dataset.labels, dataset.targets[:, 0].tolist()

    assert labels([10, 9, -1, 10]) == ((-1, 9, 10), [2.0, 1.0, 0.0, 2.0])
    assert labels(["b", "a", "Z", "ä"]) == (("Z", "a", "b", "ä"), [2.0, 1.0, 0.0, 3.0])
    assert labels([1.0, 2, 1, 2.0])[0] == (1, 2)


@pytest.mark.parametrize(
    ("activation", "initializer"),
    [("relu", "he"), ("leaky_relu", "he"), ("tanh", "xavier"), ("sigmoid", "xavier"), ("linear", "xavier")],
)
def test_the_initializer_follows_the_activation(activation: str, initializer: str) -> None:
    document = submission(changed(SMALLEST, {"/model/activation": activation})).resolved
    assert document["model"]["initializer"] == initializer


@pytest.mark.parametrize(
    ("column", "standardize"),
    [
        ([0.0, 1.0, 1.0], False),
        ([-3.0, 0.0, 3.0], False),
        ([0.1, 0.0, 0.0], False),
        ([0.0, 0.0, 0.0], False),
        ([100.0, 100.0, 100.0], False),
        ([0.0, 0.0, 3.1], True),
        ([0.0, 0.09, 0.0], True),
        ([2000.0, 2001.0, 2002.0], True),
    ],
)
def test_inputs_are_standardized_by_default_if_a_column_is_large_or_small(
    column: list[float], standardize: bool
) -> None:
    inputs = [[value, row * 0.5] for row, value in enumerate(column)]
    document = changed(SMALLEST, {"/dataset/inputs": inputs})
    assert submission(document).resolved["training"]["standardize"] is standardize
    for asked in (True, False):
        document["training"] = {"standardize": asked}
        assert submission(document).resolved["training"]["standardize"] is asked


def test_early_stopping_watches_the_validation_loss_if_there_is_one() -> None:
    def monitor(changes: dict[str, Any]) -> str:
        return str(submission(changed(SMALLEST, changes)).resolved["training"]["early_stopping"]["monitor"])

    assert monitor({"/training/early_stopping": {}}) == "train_loss"
    assert (
        monitor({"/training/early_stopping": {}, "/training/validation": {"fraction": 0.3}})
        == "validation_loss"
    )


@pytest.mark.parametrize("document", [SMALLEST, CLASSES])
def test_a_held_out_fraction_keeps_the_share_of_classes_if_there_are_any(document: dict[str, Any]) -> None:
    resolved_document = submission(changed(document, {"/training/validation": {"fraction": 0.3}})).resolved
    assert resolved_document["training"]["validation"] == {"fraction": 0.3, "stratify": document is CLASSES}


@pytest.mark.parametrize("name", ["sgd", "adam", "rmsprop", "adagrad"])
def test_an_optimizer_by_name_is_the_optimizer_with_kerass_defaults(name: str) -> None:
    by_name = submission(changed(SMALLEST, {"/training/optimizer": name})).resolved
    by_type = submission(changed(SMALLEST, {"/training/optimizer": {"type": name}})).resolved
    assert by_name == by_type
    assert by_name["training"]["optimizer"]["type"] == name


_optimizers = st.one_of(
    st.builds(nn_spec.Sgd, st.floats(0, 0.99), st.booleans()),
    st.builds(nn_spec.Adam, st.floats(0, 0.99), st.floats(0, 0.999), st.floats(1e-12, 1)),
    st.builds(nn_spec.RmsProp, st.floats(0, 0.99), st.floats(0, 0.99), st.floats(1e-12, 1)),
    st.builds(nn_spec.Adagrad, st.floats(0, 10), st.floats(1e-12, 1)),
)
_schedules = st.one_of(
    st.just(nn_spec.Constant()),
    st.builds(nn_spec.Linear, st.floats(0, 1)),
    st.builds(nn_spec.Step, st.integers(1, 100), st.floats(0.01, 2)),
    st.builds(nn_spec.Cosine, st.floats(0, 1)),
    st.builds(nn_spec.InverseScaling, st.floats(0, 2)),
)
_activations = st.sampled_from(["linear", "relu", "leaky_relu", "tanh", "sigmoid"])


@st.composite
def _specs(draw: st.DrawFn) -> nn_spec.Spec:
    hidden = draw(st.lists(st.integers(1, 20), max_size=3))
    split = draw(st.none() | st.builds(nn_spec.ValidationSplit, st.floats(0.01, 0.99), st.just(False)))
    monitors = ["train_loss"] if split is None else ["train_loss", "validation_loss"]
    stopping = st.builds(
        nn_spec.EarlyStopping, st.sampled_from(monitors), st.integers(1, 99), st.floats(0, 1), st.booleans()
    )
    positive = st.floats(1e-9, 10)
    return nn_spec.Spec(
        "regression",
        nn_spec.ModelSpec(
            (*hidden, 1),
            tuple(draw(_activations) for _ in hidden),
            draw(st.sampled_from(["linear", "leaky_relu"])),
            draw(st.sampled_from(["uniform", "xavier", "he"])),
        ),
        nn_spec.TrainingSpec(
            epochs=draw(st.integers(1, 10**6)),
            learning_rate=draw(positive),
            optimizer=draw(_optimizers),
            schedule=draw(_schedules),
            loss=draw(st.sampled_from(["squared_error", "absolute_error", "huber"])),
            reduction=draw(st.sampled_from(["mean", "sum"])),
            batch_size=draw(st.none() | st.integers(1, 1000)),
            shuffle=draw(st.booleans()),
            seed=draw(st.integers(0, 2**53 - 1)),
            l1=draw(st.floats(0, 1)),
            l2=draw(st.floats(0, 1)),
            gradient_clip_norm=draw(st.none() | positive),
            validation_split=split,
            early_stopping=draw(st.none() | stopping),
            standardize=draw(st.booleans()),
        ),
    )


@given(_specs())
def test_every_spec_comes_back_from_its_document_and_from_its_document_as_a_request(
    spec: nn_spec.Spec,
) -> None:
    document = json.loads(json.dumps(resolved.dump(spec)))
    assert resolved.load(document) == spec
    request = json.dumps({**document, "dataset": SMALLEST["dataset"]}).encode()
    assert understand(request, Limits(), lambda _: None).spec == spec


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_resolved_example_sent_again_is_the_same_training(path: Path) -> None:
    first = submission(json.loads(path.read_text()))
    again = {**first.resolved, "dataset": first.resolved["dataset"] or {"id": "ds_1"}}
    second = submission(again, datasets={"ds_1": first.dataset})
    assert second.fingerprint == first.fingerprint
    assert {**second.resolved, "dataset": None} == {**first.resolved, "dataset": None}


def test_a_validation_dataset_of_its_own_is_named_in_the_resolved_document() -> None:
    validation = {"dataset": {"inputs": [[1.0, 1.0]], "targets": [0.0]}}
    first = submission(changed(SMALLEST, {"/training/validation": validation}))
    assert first.resolved["training"]["validation"] == {"dataset": None}
    assert resolved.load(first.resolved).training.validation_split is None
    again = changed(
        first.resolved, {"/dataset": {"id": "a"}, "/training/validation": {"dataset": {"id": "b"}}}
    )
    second = submission(again, datasets={"a": first.dataset, "b": first.validation})
    assert (second.dataset, second.validation, second.fingerprint) == ("a", "b", first.fingerprint)


def test_requests_are_the_same_if_they_mean_the_same() -> None:
    reordered = dict(reversed(list(TUTORIAL.items())))
    spelled_out = changed(TUTORIAL, {"/training/optimizer": {"type": "sgd"}, "/training/epochs": 50.0})
    digest = submission(TUTORIAL).request_sha256
    assert submission(reordered).request_sha256 == submission(spelled_out).request_sha256 == digest
    for pointer, value in {
        "/name": "another",
        "/metadata": {},
        "/priority": 1,
        "/training/seed": 1,
        "/dataset/targets": [0.0, 1.0, 1.0],
        "/limits": {"max_attempts": 4},
    }.items():
        assert submission(changed(TUTORIAL, {pointer: value})).request_sha256 != digest, pointer


def test_vectors_are_several_outputs() -> None:
    document = changed(SMALLEST, {"/dataset/targets": [[1, 2], [3, 4], [5, 6]]})
    made = submission(document)
    assert made.resolved["model"]["layers"] == [4, 2]
    assert not isinstance(made.dataset, str)
    assert np.array_equal(made.dataset.targets, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
