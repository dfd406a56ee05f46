"""The readers in docs/weights.md run every kind of network as the service does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn.model import Model, TrainedLayer
from nn.scaling import Scaler
from services.schemas import weights

PAGE = (Path(__file__).parents[2] / "docs/weights.md").read_text()
INPUTS = [[0.5, 0.5, 0.7], [0.4, -0.1, 0.5], [-0.2, -0.75, 1.0]]


def code(language: str) -> str:
    """The last block of that language on the page."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[-1]


def network() -> Model:
    """One layer of each activation, behind a scaler."""
    drawn = np.random.default_rng(0)
    activations = ("relu", "leaky_relu", "tanh", "sigmoid", "linear", "softmax")
    layers = tuple(
        TrainedLayer(drawn.normal(size=(3, 3)), drawn.normal(size=3), name) for name in activations
    )
    scaler = Scaler(np.array([0.1, 0.2, 0.3]), np.array([0.5, 1.0, 2.0]))
    return Model(3, layers, scaler, ("a", "b", "c"), "classification", 1)


def test_the_python_reader_agrees() -> None:
    names: dict[str, Any] = {}
    exec(code("python"), names)
    document = json.loads(json.dumps(weights.present(network())))
    predicted = [names["predict"](document, row) for row in INPUTS]
    np.testing.assert_allclose(predicted, network().predict(np.array(INPUTS)), rtol=1e-12)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_javascript_reader_agrees() -> None:
    document = json.dumps(weights.present(network()))
    program = f"{code('javascript')}\nconst network = {document};\n"
    program += f"console.log(JSON.stringify({json.dumps(INPUTS)}.map(x => predict(network, x))));"
    done = subprocess.run(["node", "--eval", program], capture_output=True, text=True, check=True)
    np.testing.assert_allclose(json.loads(done.stdout), network().predict(np.array(INPUTS)), rtol=1e-12)
