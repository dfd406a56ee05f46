"""Facts about the examples: each is accepted as it is, and ends where examples/README.md says."""

from __future__ import annotations

import re
import runpy
from functools import cache
from pathlib import Path

import pytest

from gradqueue.cli.chart import chart
from nn import trainers
from nn.preparation import prepare
from services.schemas import parse_job
from services.schemas.submission import understand
from services.settings import Limits

EXAMPLES = Path(__file__).parents[2] / "examples"
JOBS = sorted(path.name for path in EXAMPLES.glob("*.json"))
#: Enough multiply-adds for one call to do a good part of an example.
WORK = 10_000_000


@cache
def trained(name: str) -> dict[str, list[float]]:
    """Train an example; return its loss curve, every metric's value for every epoch."""
    job = understand((EXAMPLES / name).read_bytes(), Limits(), lambda dataset_id: None)
    training = trainers.start(job.spec, prepare(job.spec, job.dataset, job.validation))
    curve: dict[str, list[float]] = {}
    while True:
        progress = training.advance(WORK)
        for metric, values in progress.curve.items():
            curve.setdefault(metric, []).extend(values.tolist())
        if progress.stop_reason is not None:
            return curve


def expected(name: str) -> dict[str, str]:
    """The figures that the README's table gives for an example: `name` value pairs."""
    (row,) = re.findall(rf"^\| \[{re.escape(name)}\].*$", (EXAMPLES / "README.md").read_text(), re.MULTILINE)
    return dict(re.findall(r"`(\w+)` ([\d.]+)", row))


@pytest.mark.parametrize("name", JOBS)
def test_an_example_ends_where_the_readme_says(name: str) -> None:
    figures = expected(name)
    assert {"epochs", "train_loss"} <= set(figures)
    curve = trained(name)
    last = {"epochs": float(len(curve["train_loss"]))} | {
        metric: values[-1] for metric, values in curve.items()
    }
    digits = {metric: len(value.partition(".")[2]) for metric, value in figures.items()}
    assert {metric: f"{last[metric]:.{digits[metric]}f}" for metric in figures} == figures


def test_the_measurements_are_those_that_scikit_learn_ships() -> None:
    """The files in the repository are what the script writes, byte for byte."""
    script = runpy.run_path(str(EXAMPLES / "make_datasets.py"))
    for name, text in script["job_files"]().items():
        assert (EXAMPLES / name).read_text() == text


def test_the_readme_s_first_request_is_the_tutorial() -> None:
    readme = (EXAMPLES.parent / "README.md").read_text()
    (body,) = re.findall(r"curl \S+/v1/jobs -H .*? -d '(\{.*?\})'", readme, re.DOTALL)
    requested, example = (
        parse_job(source, Limits(), lambda dataset_id: None)
        for source in (body.encode(), (EXAMPLES / "tutorial.json").read_bytes())
    )
    assert requested.request_sha256 == example.request_sha256


def test_the_readme_s_picture_is_the_tutorial_s_loss() -> None:
    losses = trained("tutorial.json")["train_loss"]
    (picture,) = re.findall(r"```text\n(.*?)\n```", (EXAMPLES.parent / "README.md").read_text(), re.DOTALL)
    assert picture == chart(range(1, len(losses) + 1), losses, "train_loss")
