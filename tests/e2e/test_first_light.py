"""What the service is for, over HTTP: on SQLite in one command, and on PostgreSQL and Redis in parts."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from click.testing import CliRunner

from gradqueue import Client
from gradqueue.cli import main
from nn.trainers import TRAINERS
from tests.e2e.serve import Serve
from tests.e2e.twenty import documents
from tests.faults.parts.postgresql import programs
from tests.faults.parts.redis import redis_program
from tests.faults.parts.stack import Stack
from tests.faults.work import diverging_job, endless_job, undisturbed
from tests.support.databases import absent
from tests.support.waiting import until

pytestmark = pytest.mark.service

#: Seconds in which a short job is done, on a machine that is busy with other tests.
PATIENCE = 60.0


@pytest.fixture(scope="module", params=["one command", "in parts"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a running service."""
    if request.param == "one command":
        with tempfile.TemporaryDirectory(prefix="gradqueue-e2e-") as folder:
            serve = Serve(Path(folder))
            serve.start()
            yield serve.url
            serve.stop()
            return
    if programs() is None or redis_program() is None:
        absent("the programs of PostgreSQL and Redis are not installed")
    stack = Stack("postgresql")
    stack.start()
    yield stack.api.url
    stack.close()


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url) as client:
        yield client


def test_twenty_jobs_end_with_the_bits_of_the_reference(client: Client) -> None:
    submitted = [(client.submit(document)["id"], document) for document in documents()]
    for job_id, document in submitted:
        job = client.wait(job_id, timeout_seconds=PATIENCE)
        assert job["status"] == "succeeded", job["error"]

        reference = undisturbed(document, "reference")
        curve = client.loss_curve(job_id)
        epochs = curve.pop("epochs")
        assert epochs == list(range(1, reference.epochs + 1))
        assert {
            name: np.array(column, "<f8").tobytes() for name, column in curve.items()
        } == reference.metrics
        assert (job["trainer"], job["weights_sha256"]) == ("compiled", reference.weights_sha256)
        assert client.weights(job_id)["weights_sha256"] == reference.weights_sha256


def test_a_diverging_job_fails_and_no_answer_holds_a_nan(client: Client, url: str) -> None:
    job_id = client.submit(diverging_job())["id"]
    job = client.wait(job_id, timeout_seconds=PATIENCE)

    assert (job["status"], job["error"]["code"]) == ("failed", "diverged")
    epochs = job["progress"]["epoch"]
    assert epochs > 0
    answers = {
        path: requests.get(f"{url}/v1/jobs/{job_id}{path}", timeout=PATIENCE)
        for path in ("", "/loss-curve", "/loss-curve?format=csv", "/loss-curve?format=svg", "/weights")
    }
    assert answers["/loss-curve"].json()["epochs"] == list(range(1, epochs + 1))
    for path, answer in answers.items():
        assert answer.status_code == 200, path
        assert not any(word in answer.text for word in ("NaN", "Infinity", "inf,", "nan")), path


def test_progress_moves_while_a_job_runs(client: Client) -> None:
    job_id = client.submit(endless_job())["id"]
    seen: list[Any] = []

    def moved() -> bool:
        job = client.job(job_id)
        if job["status"] == "running" and job["latest"]:
            seen.append(job)
        return len({job["progress"]["epoch"] for job in seen}) >= 4

    until(moved, "four different epochs", PATIENCE)
    client.cancel(job_id)

    epochs = [job["progress"]["epoch"] for job in seen]
    assert epochs == sorted(epochs)
    assert len({job["latest"]["train_loss"] for job in seen}) >= 2
    last = seen[-1]["progress"]
    assert last["epochs_per_second"] > 0
    assert last["eta_seconds"] > 0
    assert 0 < last["fraction"] < 1


def test_cancel_is_effective_at_once_and_for_good(client: Client) -> None:
    job_id = client.submit(endless_job())["id"]
    until(lambda: client.job(job_id)["progress"]["epoch"] > 0, "progress", PATIENCE)

    cancelled = client.cancel(job_id)
    assert (cancelled["status"], cancelled["is_terminal"]) == ("cancelled", True)
    # Two jobs at a time can train here: two more are only done if the cancelled one no longer is.
    others = [client.submit(document)["id"] for document in documents()[:4]]
    assert {client.wait(other, timeout_seconds=PATIENCE)["status"] for other in others} == {"succeeded"}
    assert client.job(job_id) == cancelled
    assert len(client.loss_curve(job_id)["epochs"]) == cancelled["progress"]["epoch"]


def test_the_same_job_twice_gives_the_same_weights(client: Client) -> None:
    first, second = (client.submit(documents()[1]) for _ in range(2))
    jobs = [client.wait(job["id"], timeout_seconds=PATIENCE) for job in (first, second)]
    assert first["id"] != second["id"]
    assert jobs[0]["weights_sha256"] == jobs[1]["weights_sha256"]
    assert jobs[0]["fingerprint"] == jobs[1]["fingerprint"]


@pytest.mark.parametrize("trainer", TRAINERS)
def test_a_job_trained_here_has_the_weights_of_the_service(client: Client, trainer: str) -> None:
    """`gradqueue train` with either trainer, and a worker: one spec, one set of weights."""
    for document in documents()[:3]:
        job = client.wait(client.submit(document)["id"], timeout_seconds=PATIENCE)
        here = CliRunner().invoke(main, ["train", "-", "--trainer", trainer], input=json.dumps(document))
        assert json.loads(here.stdout)["weights_sha256"] == job["weights_sha256"]


def test_the_figures_follow_what_happens(client: Client, url: str) -> None:
    def figure(name: str) -> float:
        """The sum over all workers, as Prometheus would be told."""
        lines = requests.get(f"{url}/metrics", timeout=PATIENCE).text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if re.match(rf"{name}[ {{]", line))

    epochs, claims = figure("gradqueue_worker_epochs_total"), figure("gradqueue_worker_claims_total")
    succeeded = requests.get(f"{url}/v1/queue", timeout=PATIENCE).json()["jobs"]["succeeded"]
    job = client.wait(client.submit(documents()[0])["id"], timeout_seconds=PATIENCE)

    until(
        lambda: figure("gradqueue_worker_epochs_total") >= epochs + job["progress"]["epoch"],
        "the epochs of the job in the figures",
        PATIENCE,
    )
    assert figure("gradqueue_worker_claims_total") > claims
    assert figure("gradqueue_workers") == 1
    until(
        lambda: requests.get(f"{url}/v1/queue", timeout=PATIENCE).json()["jobs"]["succeeded"] > succeeded,
        "one more that succeeded",
        PATIENCE,
    )
