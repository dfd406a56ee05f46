"""Generated datasets look as described."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_moons

from nn.generators import GENERATORS, GeneratorName, generate

CLASSES = [name for name in GENERATORS if name != "linear"]


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("rows", [1, 2, 5, 100])
def test_there_are_as_many_rows_as_asked_for(name: GeneratorName, rows: int) -> None:
    dataset = generate(name, rows, 0.1, 0)
    assert len(dataset.inputs) == len(dataset.targets) == rows
    assert np.isfinite(dataset.inputs).all()


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_in_balance(name: GeneratorName) -> None:
    dataset = generate(name, 100, 0.1, 0)
    assert dataset.labels == (0, 1)
    assert np.bincount(dataset.targets[:, 0].astype(int)).tolist() == [50, 50]


@pytest.mark.parametrize("name", GENERATORS)
def test_the_seed_decides_the_noise_and_zero_noise_is_none(name: GeneratorName) -> None:
    assert generate(name, 20, 0.1, 1).sha256 == generate(name, 20, 0.1, 1).sha256
    assert generate(name, 20, 0.1, 1).sha256 != generate(name, 20, 0.1, 2).sha256
    if name != "linear":
        assert (generate(name, 20, 0.0, 1).inputs == generate(name, 20, 0.0, 2).inputs).all()


def test_noise_is_normal_with_the_asked_for_deviation() -> None:
    noise = (generate("xor", 4000, 0.5, 0).inputs - generate("xor", 4000, 0.0, 0).inputs).ravel() / 0.5
    assert abs(noise.mean()) < 0.05
    assert abs(noise.std() - 1.0) < 0.03
    assert abs((np.abs(noise) < 1.0).mean() - 0.6827) < 0.02


def test_xor_is_the_four_corners() -> None:
    dataset = generate("xor", 4, 0.0, 0)
    assert dataset.inputs.tolist() == [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    assert dataset.targets.ravel().tolist() == [0.0, 1.0, 1.0, 0.0]


def test_moons_are_scikit_learns() -> None:
    inputs = generate("moons", 40, 0.0, 0).inputs
    theirs, _ = make_moons(40, shuffle=False)
    assert np.allclose(np.concatenate([inputs[0::2], inputs[1::2]]), theirs, atol=1e-12)


def test_circles_have_their_radii_and_spirals_end_at_one() -> None:
    radii = np.hypot(*generate("circles", 30, 0.0, 0).inputs.T)
    assert np.allclose(radii[0::2], 1.0)
    assert np.allclose(radii[1::2], 0.5)
    assert np.hypot(*generate("spiral", 30, 0.0, 0).inputs.T).max() == pytest.approx(1.0)


def test_linear_is_a_line() -> None:
    dataset = generate("linear", 50, 0.0, 0)
    assert dataset.labels is None
    assert (dataset.targets == 2.0 * dataset.inputs + 1.0).all()
    assert np.abs(dataset.inputs).max() < 1.0
