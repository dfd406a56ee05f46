"""The readers in docs/reading-weights.md run every kind of network as the service does."""

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

PAGE = (Path(__file__).parents[2] / "docs/reading-weights.md").read_text()
INPUTS = [[0.5, 0.5, 0.7], [0.4, -0.1, 0.5], [-0.2, -0.75, 1.0]]


def code(language: str) -> str:
    """The last block of that language on the page."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[-1]


def network(scale: float) -> Model:
    """One layer of each activation, behind a scaler; with a large `scale` every exp would overflow."""
    drawn = np.random.default_rng(0)
    activations = ("relu", "leaky_relu", "tanh", "sigmoid", "linear", "softmax")
    widths = (3, 4, 2, 5, 3, 4, 3)
    layers = tuple(
        TrainedLayer(scale * drawn.normal(size=(outputs, inputs)), drawn.normal(size=outputs), name)
        for inputs, outputs, name in zip(widths, widths[1:], activations, strict=False)
    )
    scaler = Scaler(np.array([0.1, 0.2, 0.3]), np.array([0.5, 1.0, 2.0]))
    return Model(3, layers, scaler, ("a", '"layers":', "c"), "classification", 1)


@pytest.fixture(params=[1.0, 1000.0])
def model(request: pytest.FixtureRequest) -> Model:
    return network(request.param)


def agrees(predicted: Any, model: Model) -> None:
    np.testing.assert_allclose(predicted, model.predict(np.array(INPUTS)), rtol=1e-12, atol=1e-15)


def test_the_python_reader_agrees(model: Model) -> None:
    names: dict[str, Any] = {}
    exec(code("python"), names)
    document = json.loads(json.dumps(weights.present(model)))
    agrees([names["predict"](document, row) for row in INPUTS], model)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_javascript_reader_agrees(model: Model) -> None:
    document = json.dumps(weights.present(model))
    program = f"{code('javascript')}\nconst network = {document};\n"
    program += f"console.log(JSON.stringify({json.dumps(INPUTS)}.map(x => predict(network, x))));"
    done = subprocess.run(["node", "--eval", program], capture_output=True, text=True, check=True)
    agrees(json.loads(done.stdout), model)


C_MAIN = """
#include <stdio.h>
int main(int count, char **arguments) {
    (void)count;
    static char document[1 << 16];
    document[fread(document, 1, sizeof document - 1, stdin)] = 0;
    double x[16];
    for (int i = 0; i < 3; i++) x[i] = strtod(arguments[i + 1], NULL);
    int outputs = predict(document, x, 3);
    for (int i = 0; i < outputs; i++) printf("%.17g ", x[i]);
}
"""


@pytest.fixture(scope="module")
def c_reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    folder = tmp_path_factory.mktemp("reader")
    (folder / "reader.c").write_text(code("c") + C_MAIN)
    options = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-o", "reader", "reader.c", "-lm"]
    subprocess.run([compiler, *options], cwd=folder, check=True)
    return folder / "reader"


@pytest.mark.parametrize("indent", [None, 1])
def test_the_c_reader_agrees(c_reader: Path, model: Model, indent: int | None) -> None:
    document = json.dumps(weights.present(model), indent=indent)
    predicted = []
    for row in INPUTS:
        command = [str(c_reader), *map(str, row)]
        done = subprocess.run(command, input=document, capture_output=True, text=True, check=True)
        predicted.append([float(number) for number in done.stdout.split()])
    agrees(predicted, model)
