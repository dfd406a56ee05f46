"""Trainings too large for the reference, for tests that only look at how the compiled one runs."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn.data import Dataset
from nn.preparation import prepare
from tests.compiled.trainings import Training
from tests.nn.jobs import model, regression


def wide(*, inputs: int = 200, width: int = 256, samples: int = 500, **training: Any) -> Training:
    """Return a training of a network with two hidden layers."""
    random = np.random.default_rng(50)
    dataset = Dataset(random.normal(size=(samples, inputs)), random.normal(size=(samples, 2)))
    spec = regression(
        model(width, width, 2, initializer="he"), learning_rate=1e-4, reduction="mean", **training
    )
    return Training(spec, prepare(spec, dataset))
