"""Weights and predictions as documents."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from nn.model import Model, TrainedLayer
from nn.scaling import Scaler
from services.errors import InvalidInput
from services.schemas import model as schema
from services.schemas import weights
from services.settings import Limits

ONE = np.array([[1.0, -1.0]])


def a_model(activation: Any, labels: Any = None, matrix: Any = ONE, scaler: Scaler | None = None) -> Model:
    layer = TrainedLayer(np.array(matrix), np.zeros(len(matrix)), activation)
    return Model(2, (layer,), scaler, labels, "regression" if labels is None else "classification", 7)


def test_regression_gives_a_number_per_row_or_a_list_if_there_are_several_outputs() -> None:
    rows = np.array([[3.0, 1.0], [0.5, 0.0]])
    document = schema.predict(a_model("linear"), "mdl_1", rows)
    assert document == {"object": "predictions", "model_id": "mdl_1", "predictions": [2.0, 0.5]}
    two = schema.predict(a_model("linear", matrix=[[1.0, 0.0], [0.0, 1.0]]), "mdl_1", rows)
    assert two["predictions"] == [[3.0, 1.0], [0.5, 0.0]]


def test_two_classes_give_labels_and_the_probability_of_each() -> None:
    document = schema.predict(a_model("sigmoid", ("no", "yes")), "mdl_1", np.array([[1.0, 1.0], [9.0, 1.0]]))
    assert document["predictions"] == ["no", "yes"]
    assert document["labels"] == ["no", "yes"]
    assert document["probabilities"][0] == [0.5, 0.5]
    assert document["probabilities"][1][1] > 0.99


def test_several_classes_give_a_probability_per_label() -> None:
    model = a_model("softmax", (1, 2, 3), [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    document = schema.predict(model, "mdl_1", np.array([[0.0, 5.0]]))
    assert document["predictions"] == [2]
    assert sum(document["probabilities"][0]) == pytest.approx(1.0)
    assert int(np.argmax(document["probabilities"][0])) == 1


def test_scores_that_are_no_probabilities_are_not_shown_as_such() -> None:
    document = schema.predict(a_model("linear", ("no", "yes")), "mdl_1", np.array([[2.0, 1.0]]))
    assert document["predictions"] == ["yes"]
    assert "probabilities" not in document


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        schema.predict(a_model("linear"), "mdl_1", np.ones((1, 3)))
    assert [(problem.pointer, problem.code) for problem in caught.value.problems] == [("/inputs/0", "width")]


def test_a_prediction_that_is_not_finite_is_an_error_of_its_row() -> None:
    with pytest.raises(InvalidInput) as caught:
        schema.predict(
            a_model("linear", matrix=[[1e300, 1e300]]), "mdl_1", np.array([[1.0, 1.0], [1e300, 1.0]])
        )
    assert [(p.pointer, p.code, p.row) for p in caught.value.problems] == [("/inputs/1", "not_finite", 1)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"inputs": [[1, 2], [3]]}, [("/inputs/1", "ragged")]),
        ({"inputs": [[1, "2"]]}, [("/inputs/0/1", "type")]),
        ({"inputs": []}, [("/inputs", "too_short")]),
        ({}, [("/inputs", "missing_field")]),
        ({"input": [[1, 2]]}, [("/inputs", "missing_field"), ("/input", "unknown_field")]),
        ([[1, 2]], [("", "type")]),
    ],
)
def test_bad_rows_are_pointed_to(body: Any, expected: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidInput) as caught:
        schema.parse_inputs(json.dumps(body).encode(), Limits())
    assert [(problem.pointer, problem.code) for problem in caught.value.problems] == expected


def test_the_weights_document_holds_every_double_and_what_belongs_to_the_model() -> None:
    scaler = Scaler(np.array([1.0, 2.0]), np.array([0.5, 0.25]))
    model = a_model("sigmoid", ("no", "yes"), [[0.1, 1 / 3]], scaler)
    assert weights.present(model, "job_1") == {
        "object": "weights",
        "job_id": "job_1",
        "epoch": 7,
        "format_version": 1,
        "numerics_version": 1,
        "weights_sha256": model.sha256,
        "inputs": 2,
        "standardize": {"mean": [1.0, 2.0], "scale": [0.5, 0.25]},
        "labels": ["no", "yes"],
        "layers": [{"weights": [[0.1, 1 / 3]], "biases": [0.0], "activation": "sigmoid"}],
    }
