"""What is wrong with a job request is said in its place, with a stable code, all of it at once."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from nn.data import Dataset
from services.settings import Limits
from tests.support.requests import (
    CLASSES,
    LEFT_OUT,
    SMALLEST,
    TUTORIAL,
    changed,
    problems,
    refusal,
    submission,
)

LIMITS = Limits(
    rows=100, columns=10, layers=5, layer_width=50, parameters=500, epochs=1000, budget=10_000_000
)

EPOCHS = "/training/epochs"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("10", "type"),
        (True, "type"),
        (None, "type"),
        ([10], "type"),
        ({}, "type"),
        (1.5, "type"),
        (0, "out_of_range"),
        (-1, "out_of_range"),
        (1001, "out_of_range"),
        (1e300, "out_of_range"),
        (10**30, "out_of_range"),
    ],
)
def test_epochs_that_are_no_number_of_epochs(value: Any, code: str) -> None:
    assert problems(changed(TUTORIAL, {EPOCHS: value}), LIMITS) == [(EPOCHS, code)]


def test_75_point_0_is_the_integer_75() -> None:
    assert submission(changed(TUTORIAL, {EPOCHS: 75.0}), LIMITS).epochs == 75


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"/training/epoch": 5}, "did you mean 'epochs'?"),
        ({"/training/learing_rate": 0.1}, "did you mean 'learning_rate'?"),
        ({"/epochs": 5}, "did you mean '/training/epochs'?"),
        ({"/model/optimizer": "sgd"}, "did you mean '/training/optimizer'?"),
        ({"/dataset/lables": []}, ""),
        ({"/qwertz": 5}, ""),
    ],
)
def test_an_unknown_field_is_refused_with_the_nearest_known_one(changes: dict[str, Any], hint: str) -> None:
    error = refusal(changed(TUTORIAL, changes))
    assert [(problem.pointer, problem.code) for problem in error.problems] == [(*changes, "unknown_field")]
    assert error.problems[0].detail.removeprefix("there is no such field").removeprefix("; ") == hint


@pytest.mark.parametrize(
    "name", ["id", "status", "attempt", "created_at", "weights_sha256", "links", "object"]
)
def test_a_field_that_the_service_sets_cannot_be_sent(name: str) -> None:
    assert problems(changed(TUTORIAL, {f"/{name}": "x"})) == [(f"/{name}", "read_only_field")]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/model/activation", "RELU"),
        ("/model/activation", "__import__"),
        ("/model/activation", None),
        ("/model/initializer", "glorot"),
        ("/training/loss", "mse"),
        ("/training/optimizer", "sdg"),
        ("/training/optimizer", 5),
        ("/training/optimizer", {"momentum": 0.5}),
        ("/training/schedule", "exponential"),
        ("/training/reduction", ""),
        ("/problem", "clustering"),
    ],
)
def test_a_word_that_is_not_allowed_is_answered_with_those_that_are(pointer: str, value: Any) -> None:
    error = refusal(changed(TUTORIAL, {pointer: value}))
    assert [(problem.pointer, problem.code) for problem in error.problems] == [(pointer, "enum")]
    assert error.problems[0].detail.startswith("must be one of '")


def test_an_unknown_activation_of_one_layer_is_pointed_to() -> None:
    assert problems(changed(TUTORIAL, {"/model/activation": ["relu", "RELU"]})) == [
        ("/model/activation/1", "enum")
    ]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/training/learning_rate", 0),
        ("/training/learning_rate", -0.1),
        ("/training/batch_size", 0),
        ("/training/seed", -1),
        ("/training/seed", 2**53),
        ("/training/l1", -1e-9),
        ("/training/gradient_clip_norm", 0.0),
        ("/training/optimizer", {"type": "sgd", "momentum": 1}),
        ("/training/optimizer", {"type": "adam", "epsilon": 0}),
        ("/training/schedule", {"type": "step", "decay_epochs": 0}),
        ("/training/validation", {"fraction": 1}),
        ("/training/validation", {"fraction": 0}),
        ("/training/early_stopping", {"patience": 0}),
        ("/limits", {"max_attempts": 101}),
        ("/limits", {"max_attempts": 0}),
        ("/limits", {"timeout_seconds": 0}),
        ("/limits", {"timeout_seconds": 1e9}),
        ("/priority", 10),
        ("/priority", -1),
    ],
)
def test_numbers_out_of_their_range(pointer: str, value: Any) -> None:
    ((place, code),) = problems(changed(TUTORIAL, {pointer: value}))
    assert place.startswith(pointer)
    assert code == "out_of_range"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/training/learning_rate", True),
        ("/training/learning_rate", "0.1"),
        ("/training/shuffle", 1),
        ("/training/shuffle", "true"),
        ("/training/standardize", 0),
        ("/model/layers", "3,3,1"),
        ("/model/layers/1", True),
        ("/training", []),
        ("/training/validation", 0.2),
        ("/training/early_stopping", True),
        ("/name", 5),
        ("/metadata", ["a"]),
        ("/metadata/customer", 42),
        ("/metadata/customer", None),
        ("/dataset", "ds_1"),
        ("/dataset/inputs", 5),
    ],
)
def test_nothing_is_converted_to_another_type(pointer: str, value: Any) -> None:
    assert problems(changed(TUTORIAL, {pointer: value})) == [(pointer, "type")]


def test_inside_an_optimizer_the_pointer_goes_on() -> None:
    document = changed(TUTORIAL, {"/training/optimizer": {"type": "sgd", "nesterov": 1, "momentun": 0.9}})
    error = refusal(document)
    assert [(p.pointer, p.code) for p in error.problems] == [
        ("/training/optimizer/nesterov", "type"),
        ("/training/optimizer/momentun", "unknown_field"),
    ]
    assert error.problems[1].detail.endswith("did you mean 'momentum'?")


@pytest.mark.parametrize("body", ["[]", "5", '"job"', "null", "true"])
def test_a_body_that_is_no_object(body: str) -> None:
    assert problems(json.loads(body)) == [("", "type")]


def test_everything_wrong_is_reported_at_once() -> None:
    document = changed(
        TUTORIAL,
        {
            "/name": "a\x07b",
            "/dataset/inputs": [[1, 2], [3]],
            "/model/activation": "RELU",
            "/training/epochs": 0,
            "/training/optimizer": {"type": "adam", "beta_3": 1},
            "/limits": {"max_attempts": "3"},
            "/id": "job_1",
        },
    )
    assert sorted(problems(document)) == [
        ("/dataset/inputs/1", "ragged"),
        ("/id", "read_only_field"),
        ("/limits/max_attempts", "type"),
        ("/model/activation", "enum"),
        ("/name", "not_printable"),
        ("/training/epochs", "out_of_range"),
        ("/training/optimizer/beta_3", "unknown_field"),
    ]


def test_of_very_many_problems_20_are_listed_and_all_are_counted() -> None:
    error = refusal(changed(TUTORIAL, {"/dataset/inputs": [["x"] * 10] * 50, "/training/epochs": 0}), LIMITS)
    assert len(error.problems) == 20
    assert error.total == 501


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"/dataset/inputs": [[1, 2], [1], [1, 2, 3]]},
         [("/1", "ragged", 1, None), ("/2", "ragged", 2, None)]),
        ({"/dataset/inputs": [[1, 2], [1, "2"], [None, True]]},
         [("/1/1", "type", 1, 1), ("/2/0", "type", 2, 0), ("/2/1", "type", 2, 1)]),
        ({"/dataset/inputs": [[1, 2], 3, [1, 2]]}, [("/1", "type", 1, None)]),
        ({"/dataset/inputs": [1, 2, 3]},
         [("/0", "type", 0, None), ("/1", "type", 1, None), ("/2", "type", 2, None)]),
        ({"/dataset/inputs": [[], [], []]}, [("/0", "too_short", 0, None)]),
        ({"/dataset/inputs": [[1] * 11] * 3}, [("/0", "too_long", 0, None)]),
        ({"/dataset/inputs": []}, [("", "too_short", None, None)]),
        ({"/dataset/inputs": [[1]] * 101}, [("", "too_long", None, None)]),
    ],
)  # fmt: skip
def test_bad_cells_are_named_by_row_and_column(changes: dict[str, Any], expected: list[Any]) -> None:
    found = refusal(changed(TUTORIAL, changes), LIMITS).problems
    assert [(p.pointer.removeprefix("/dataset/inputs"), p.code, p.row, p.column) for p in found] == expected


@pytest.mark.parametrize(
    ("targets", "pointer", "code"),
    [
        ([0.0, "a", 1.0], "/dataset/targets/1", "type"),
        (["a", 0.0, "b"], "/dataset/targets/1", "type"),
        ([0.0, True, 1.0], "/dataset/targets/1", "type"),
        ([[1.0], [2.0, 3.0], [1.0]], "/dataset/targets/1", "ragged"),
        ([[1.0], 2.0, [1.0]], "/dataset/targets/1", "type"),
        (["a", "", "b"], "/dataset/targets/1", "label"),
        (["a", "x" * 101, "b"], "/dataset/targets/1", "label"),
        (["a", "\x1b[2J", "b"], "/dataset/targets/1", "label"),
        ({"0": 1}, "/dataset/targets", "type"),
    ],
)
def test_bad_targets_are_named_by_row(targets: Any, pointer: str, code: str) -> None:
    assert problems(changed(TUTORIAL, {"/dataset/targets": targets})) == [(pointer, code)]


def test_inputs_and_targets_of_different_length() -> None:
    error = refusal(changed(TUTORIAL, {"/dataset/targets": [0.0, 1.0]}))
    assert [(p.pointer, p.code) for p in error.problems] == [
        ("/dataset/inputs", "inconsistent"),
        ("/dataset/targets", "inconsistent"),
    ]
    assert "row 2" in error.problems[0].detail


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "too_short"), ("x" * 201, "too_long"), ("a\nb", "not_printable"), ("a\u202eb", "not_printable")],
)
def test_names_that_cannot_be_shown(name: str, code: str) -> None:
    assert problems(changed(TUTORIAL, {"/name": name})) == [("/name", code)]


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "'; DROP TABLE jobs; --", "=HYPERLINK(1)", "x" * 200, "名前"]
)
def test_hostile_names_that_can_be_shown_are_just_names(name: str) -> None:
    assert submission(changed(TUTORIAL, {"/name": name})).name == name


def test_metadata_is_bounded() -> None:
    many = {f"key {number}": "x" for number in range(17)}
    assert problems(changed(TUTORIAL, {"/metadata": many})) == [("/metadata", "too_long")]
    assert problems(changed(TUTORIAL, {"/metadata": {"k" * 65: "x"}})) == [
        (f"/metadata/{'k' * 63}…", "metadata_key")
    ]
    assert problems(changed(TUTORIAL, {"/metadata": {"k": "x" * 513}})) == [("/metadata/k", "too_long")]
    assert problems(changed(TUTORIAL, {"/metadata": {"": "x"}})) == [("/metadata/", "metadata_key")]


@pytest.mark.parametrize(
    ("document", "changes", "pointers"),
    [
        (CLASSES, {"/training/loss": "hinge"}, ["/training/loss", "/dataset/targets"]),
        (CLASSES, {"/training/loss": "binary_cross_entropy"}, ["/training/loss", "/dataset/targets"]),
        (CLASSES, {"/training/loss": "squared_error"}, ["/training/loss", "/dataset/targets"]),
        (CLASSES, {"/model": {"layers": [4, 2]}}, ["/model/layers/1", "/dataset/targets"]),
        (CLASSES, {"/model/output_activation": "sigmoid"}, ["/model/output_activation", "/training/loss"]),
        (CLASSES, {"/dataset/problem": LEFT_OUT}, ["/dataset/targets", "/problem"]),
        (
            CLASSES,
            {"/problem": "regression"},
            ["/problem", "/dataset/problem", "/dataset/targets", "/problem"],
        ),
        (CLASSES, {"/dataset/targets": ["a"] * 4}, ["/dataset/targets"]),
        (CLASSES, {"/dataset/targets": [[1, 0]] * 4}, ["/dataset/targets", "/problem"]),
        (SMALLEST, {"/training/loss": "cross_entropy"}, ["/training/loss", "/dataset/targets"]),
        (SMALLEST, {"/model/output_activation": "softmax"}, ["/model/output_activation", "/training/loss"]),
        (
            SMALLEST,
            {"/model/output_activation": "sigmoid", "/dataset/targets": [0, 2, 1]},
            ["/model/output_activation", "/dataset/targets"],
        ),
        (
            SMALLEST,
            {"/model/output_activation": "tanh", "/dataset/targets": [0, -1.5, 1]},
            ["/model/output_activation", "/dataset/targets"],
        ),
        (
            SMALLEST,
            {"/model/output_activation": "relu", "/dataset/targets": [0, -1, 1]},
            ["/model/output_activation", "/dataset/targets"],
        ),
        (SMALLEST, {"/model": {"layers": [4, 2]}}, ["/model/layers/1", "/dataset/targets"]),
        (SMALLEST, {"/model": {}}, ["/model/layers", "/model/hidden_layers"]),
        (SMALLEST, {"/model/layers": [4, 1]}, ["/model/layers", "/model/hidden_layers"]),
        (SMALLEST, {"/model/activation": ["relu"] * 2}, ["/model/activation", "/model/hidden_layers"]),
        (
            SMALLEST,
            {"/training/validation": {}},
            ["/training/validation/fraction", "/training/validation/dataset"],
        ),
        (
            SMALLEST,
            {"/training/validation": {"fraction": 0.5, "dataset": SMALLEST["dataset"]}},
            ["/training/validation/fraction", "/training/validation/dataset"],
        ),
        (
            SMALLEST,
            {"/training/validation": {"fraction": 0.5, "stratify": True}},
            ["/training/validation/stratify", "/dataset"],
        ),
        (
            SMALLEST,
            {"/training/early_stopping": {"monitor": "validation_loss"}},
            ["/training/early_stopping/monitor", "/training/validation"],
        ),
        (
            SMALLEST,
            {"/training/validation": {"dataset": {"inputs": [[1]], "targets": [1]}}},
            ["/dataset/inputs", "/training/validation/dataset/inputs"],
        ),
        (
            SMALLEST,
            {"/training/validation": {"dataset": {"inputs": [[1, 2]], "targets": [[1, 2]]}}},
            ["/dataset/targets", "/training/validation/dataset/targets"],
        ),
        (
            CLASSES,
            {"/training/validation": {"dataset": {"inputs": [[1, 2]], "targets": ["fox"]}}},
            ["/training/validation/dataset/targets"],
        ),
        (
            SMALLEST,
            {"/dataset": {"inputs": [[1]], "targets": [1]}, "/training/validation": {"fraction": 0.5}},
            ["/training/validation/fraction", "/dataset"],
        ),
        (
            SMALLEST,
            {"/dataset": {"generator": "moons"}, "/problem": "regression"},
            ["/dataset/generator", "/problem"],
        ),
    ],
)  # fmt: skip
def test_contradictions_name_every_place_that_takes_part(
    document: dict[str, Any], changes: dict[str, Any], pointers: list[str]
) -> None:
    assert problems(changed(document, changes)) == [(pointer, "inconsistent") for pointer in pointers]


def test_labels_that_are_no_integers_are_named_by_row() -> None:
    document = changed(CLASSES, {"/dataset/targets": [0, 1.5, 1, 2**60]})
    assert problems(document) == [("/dataset/targets/1", "type"), ("/dataset/targets/3", "type")]


@pytest.mark.parametrize("widths", [[1_000_000, 1], [51, 1], [1, 1, 1, 1, 1, 1], [10**15, 1], [20, 20, 1]])
def test_a_network_that_is_too_large_is_refused_before_it_exists(widths: list[int]) -> None:
    ((pointer, code),) = problems(changed(TUTORIAL, {"/model/layers": widths}), LIMITS)
    assert pointer.startswith("/model")
    assert code == "model_too_large"


def test_a_training_that_is_too_long_is_refused_though_each_limit_is_kept() -> None:
    document = changed(
        TUTORIAL, {"/training/epochs": 1000, "/dataset": {"generator": "linear"}, "/model/layers": [50, 1]}
    )
    limits = Limits(budget=15_100_000 - 1)
    assert problems(document, limits) == [(p, "budget_exceeded") for p in (EPOCHS, "/dataset", "/model")]
    assert submission(document, Limits(budget=15_100_000)).epochs == 1000


def test_unknown_datasets_are_told_from_known_ones_only_by_their_id() -> None:
    stored = Dataset(np.ones((3, 2)), np.ones((3, 1)))
    document = changed(SMALLEST, {"/dataset": {"id": "ds_1"}})
    assert submission(document, datasets={"ds_1": stored}).dataset == "ds_1"
    assert problems(document, datasets={"ds_2": stored}) == [("/dataset/id", "unknown_dataset")]


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ({}, [("/dataset/inputs", "missing_field"), ("/dataset/targets", "missing_field")]),
        ({"id": ""}, [("/dataset/id", "too_short")]),
        ({"id": 5}, [("/dataset/id", "type")]),
        ({"id": "ds_1", "inputs": [[1]]}, [("/dataset/inputs", "unknown_field")]),
        ({"generator": "blobs"}, [("/dataset/generator", "enum")]),
        ({"generator": "xor", "rows": 1}, [("/dataset/rows", "out_of_range")]),
        ({"generator": "xor", "rows": 101}, [("/dataset/rows", "out_of_range")]),
        ({"generator": "xor", "noise": -1}, [("/dataset/noise", "out_of_range")]),
    ],
)
def test_datasets_that_are_none(dataset: dict[str, Any], expected: list[Any]) -> None:
    assert problems(changed(SMALLEST, {"/dataset": dataset}), LIMITS) == expected


def test_a_pointer_escapes_the_clients_keys_and_repeats_64_characters_of_them_at_most() -> None:
    assert problems(changed(TUTORIAL, {}) | {"a/b~c": 1}) == [("/a~1b~0c", "unknown_field")]
    assert problems(changed(TUTORIAL, {}) | {"x" * 1000: 1}) == [(f"/{'x' * 63}…", "unknown_field")]
