"""Datasets and what they are packed in: deterministic, whole or refused."""

from __future__ import annotations

import numpy as np
import pytest

from nn.data import Dataset
from nn.packing import Unreadable, pack, unpack
from tests.nn.jobs import JOBS, TUTORIAL_DATA


@pytest.mark.parametrize("name", JOBS)
def test_a_dataset_comes_back_from_its_bytes(name: str) -> None:
    dataset = JOBS[name].dataset
    back = Dataset.from_bytes(dataset.to_bytes())
    assert back.inputs.tobytes() == dataset.inputs.tobytes()
    assert back.targets.tobytes() == dataset.targets.tobytes()
    assert back.labels == dataset.labels
    assert back.to_bytes() == dataset.to_bytes()
    assert back.sha256 == dataset.sha256


def test_the_digest_depends_on_shape_values_signs_of_zero_and_labels() -> None:
    inputs, targets = np.zeros((2, 2)), np.array([[0.0], [1.0]])
    datasets = [
        Dataset(inputs, targets),
        Dataset(-inputs, targets),
        Dataset(np.zeros((2, 1)), targets),
        Dataset(inputs, np.array([[1.0], [0.0]])),
        Dataset(inputs, targets, ("a", "b")),
        Dataset(inputs, targets, ("a", "c")),
        Dataset(inputs, targets, (0, 1)),
    ]
    assert len({dataset.sha256 for dataset in datasets}) == len(datasets)


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [
        (np.zeros(3), np.zeros((3, 1))),
        (np.zeros((3, 1), dtype=np.float32), np.zeros((3, 1))),
        (np.zeros((2, 3)).T, np.zeros((3, 1))),
        (np.zeros((3, 1)), np.zeros((2, 1))),
    ],
)
def test_arrays_of_another_form_are_refused(inputs: np.ndarray, targets: np.ndarray) -> None:
    with pytest.raises(ValueError, match="inputs"):
        Dataset(inputs, targets)


def test_packed_bytes_are_the_same_on_every_machine() -> None:
    assert pack("note", {"b": 1, "a": "é"}, {"x": np.array([[1.0, -0.0]])}) == (
        b"GRADQ\r\n\x01\x48\x00\x00\x00\x00\x00\x00\x00"
        + b'{"arrays":[["x",[1,2]]],"facts":{"a":"\\u00e9","b":1},"kind":"note"}'.ljust(72)
        + b"\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\x80"
    )


def test_bytes_cut_anywhere_are_refused() -> None:
    packed = TUTORIAL_DATA.to_bytes()
    for end in range(len(packed)):
        with pytest.raises(Unreadable):
            Dataset.from_bytes(packed[:end])
    with pytest.raises(Unreadable):
        Dataset.from_bytes(packed + b"\0")


@pytest.mark.parametrize(
    "packed", [b"", b"PK\x03\x04", pack("model", {}, {}), b"GRADQ\r\n\x01" + b"\xff" * 8]
)
def test_other_bytes_are_refused(packed: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack("dataset", packed)
