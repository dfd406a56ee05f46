"""The log of the running service: a job can be followed from the request that made it to its end."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from services import jobs, logs
from services.api.app import create_app
from tests.api.conftest import Bell
from tests.support.requests import TUTORIAL
from tests.support.waiting import until
from tests.worker.process import PATIENCE, a_worker

if TYPE_CHECKING:
    from services.settings import Settings
    from services.store import Store


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One kind of database will do: this is about lines of text."""
    return sqlite_url


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where this process logs to, as JSON."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.setup("json", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_line_of_a_submission_names_the_job_and_the_request(
    store: Store, settings: Settings, stream: io.StringIO
) -> None:
    client = create_app(store, Bell(), settings).test_client()
    answer = client.post("/v1/jobs", json=TUTORIAL, headers={"X-Request-ID": "req-1"})
    [line] = [line for line in lines(stream.getvalue()) if line["event"] == "job submitted"]
    assert (line["job"], line["request_id"]) == (answer.get_json()["id"], "req-1")


@pytest.mark.service
def test_a_worker_s_lines_about_a_job_name_job_attempt_and_worker(
    store: Store, database_url: str, tmp_path: Path, settings: Settings
) -> None:
    client = create_app(store, Bell(), settings).test_client()
    with a_worker(store, database_url, tmp_path, GRADQUEUE_LOG_FORMAT="json") as (worker, ringer):
        job_id = client.post("/v1/jobs", json=TUTORIAL).get_json()["id"]
        ringer.ring([job_id])
        until(lambda: jobs.get(store, job_id).is_terminal, "the end of the job", PATIENCE)
    said = lines((tmp_path / "worker.log").read_text())
    about = {line["event"]: line for line in said if line.get("job") == job_id}
    assert set(about) == {"job claimed", "job succeeded"}
    for line in about.values():
        assert line["attempt"] == 1
        assert line["worker"].endswith(f":{worker.pid}")
