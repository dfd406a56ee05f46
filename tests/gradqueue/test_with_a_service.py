"""The commands as a person types them, against a running service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradqueue.cli.outcome import Exit
from tests.e2e.serve import Serve

pytestmark = pytest.mark.service

TUTORIAL = Path(__file__).parents[2] / "examples/tutorial.json"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def gradqueue() -> Iterator[Run]:
    """Run the installed command with a service's address in its environment."""
    with tempfile.TemporaryDirectory(prefix="gradqueue-cli-") as folder:
        serve = Serve(Path(folder))
        serve.start()
        command = str(Path(sys.executable).with_name("gradqueue"))
        environment = {**os.environ, "GRADQUEUE_URL": serve.url}

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run([command, *arguments], env=environment, capture_output=True, text=True)

        yield run
        serve.stop()


def test_a_watched_job_ends_with_the_weights_of_train(gradqueue: Run) -> None:
    watched = gradqueue("submit", str(TUTORIAL), "--watch")
    assert watched.returncode == Exit.OK, watched.stderr
    assert "epoch 50/50" in watched.stderr
    job_id = watched.stdout.strip()

    from_service = json.loads(gradqueue("weights", job_id).stdout)
    from_train = json.loads(gradqueue("train", str(TUTORIAL)).stdout)
    assert from_service | {"job_id": None} == from_train


def test_what_was_trained_can_be_looked_at(gradqueue: Run, tmp_path: Path) -> None:
    job_id = gradqueue("submit", str(TUTORIAL), "--watch").stdout.strip()
    assert job_id in gradqueue("jobs", "--status", "succeeded").stdout
    assert "50 of 50" in gradqueue("show", job_id).stdout
    assert "(r2)" in gradqueue("curve", job_id, "--metric", "r2").stdout
    gradqueue("curve", job_id, "--save", str(tmp_path / "loss.png"))
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_a_job_that_is_done_can_be_deleted_and_not_cancelled(gradqueue: Run) -> None:
    job_id = gradqueue("submit", str(TUTORIAL), "--watch").stdout.strip()
    assert gradqueue("cancel", job_id).returncode == Exit.REFUSED
    assert gradqueue("delete", job_id).returncode == Exit.OK
    assert gradqueue("show", job_id).returncode == Exit.REFUSED


def test_a_file_is_uploaded_once_looked_at_downloaded_and_deleted(gradqueue: Run, tmp_path: Path) -> None:
    iris = str(TUTORIAL.with_name("iris.csv"))
    how = ("--target", "species", "--problem", "classification")
    uploaded = gradqueue("datasets", "upload", iris, *how, "--name", "iris")
    assert uploaded.returncode == Exit.OK, uploaded.stderr
    assert "rows that are an earlier one again: 1 (duplicate_rows)" in uploaded.stderr
    dataset_id = uploaded.stdout.strip()
    assert dataset_id in gradqueue("datasets", "list").stdout
    assert "setosa: 50, versicolor: 50, virginica: 50" in gradqueue("datasets", "show", dataset_id).stdout

    copy = tmp_path / "copy.csv"
    assert gradqueue("datasets", "download", dataset_id, "--out", str(copy)).returncode == Exit.OK
    assert gradqueue("datasets", "upload", str(copy), *how).stdout.strip() == dataset_id

    assert gradqueue("datasets", "delete", dataset_id).returncode == Exit.OK
    assert gradqueue("datasets", "show", dataset_id).returncode == Exit.REFUSED


def test_a_bad_cell_is_named_by_its_line_and_column(gradqueue: Run, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("a,b\n1,2\n3,four\n")
    refused = gradqueue("datasets", "upload", str(file))
    assert refused.returncode == Exit.INVALID
    assert "gradqueue: line 3, column 2: must be a number, not 'four'" in refused.stderr
