"""`gradqueue serve` and what can happen to it: killed parts, Ctrl-C, SIGKILL, a second one."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.serve import COMMAND, Serve
from tests.faults.parts import tree
from tests.faults.parts.ports import free_port
from tests.faults.work import job_of, short_job, undisturbed
from tests.support.waiting import until

if TYPE_CHECKING:
    from gradqueue import Client

pytestmark = pytest.mark.service

PATIENCE = 60.0


@pytest.fixture(scope="module")
def _shared() -> Iterator[Serve]:
    with tempfile.TemporaryDirectory(prefix="gradqueue-e2e-") as folder:
        serve = Serve(Path(folder))
        serve.start()
        yield serve
        serve.discard()


@pytest.fixture
def shared(_shared: Serve) -> Serve:
    """A service that outlives what the test does to it, and serves the next one."""
    if not _shared.is_running:
        _shared.start()
    _shared.wait_until_it_answers()
    return _shared


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """A service of the test's own."""
    serve = Serve(tmp_path)
    serve.start()
    yield serve
    serve.discard()


def half_trained(client: Client, document: dict[str, Any]) -> str:
    """Submit a job and return its id once it has made progress."""
    job_id = client.submit(document)["id"]
    until(lambda: client.job(job_id)["progress"]["epoch"] > 0, "progress", PATIENCE)
    return job_id


KILLS: dict[str, Callable[[Serve], list[int]]] = {
    "a training process": lambda serve: list(serve.training_processes()),
    "the worker's main process": lambda serve: [serve.worker_process],
    "the whole worker": lambda serve: [serve.worker_process, *serve.training_processes()],
    "the API": lambda serve: [serve.api_process, *tree.children(serve.api_process)],
    "the broker": lambda serve: [serve.broker_process],
}


@pytest.mark.parametrize("part", KILLS)
def test_a_killed_part_is_started_again_and_the_job_ends_with_the_same_bits(shared: Serve, part: str) -> None:
    document, client = job_of(1.5), shared.client
    job_id = half_trained(client, document)
    killed = KILLS[part](shared)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)

    until(lambda: len(shared.children()) == 3 and client.ready(), "everything is back", PATIENCE)
    job = client.wait(job_id, timeout_seconds=PATIENCE)
    assert job["status"] == "succeeded", job["error"]
    assert job["weights_sha256"] == undisturbed(document).weights_sha256
    assert job["attempt"] == (1 if part in ("the API", "the broker") else 2)
    assert client.wait(client.submit(short_job())["id"], timeout_seconds=PATIENCE)["status"] == "succeeded"
    assert not any(tree.exists(pid) for pid in killed)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_leaves_nothing_running_and_goes_on_at_the_next_start(
    serve: Serve, number: signal.Signals
) -> None:
    document, client = job_of(1.5), serve.client
    done = client.wait(client.submit(short_job())["id"], timeout_seconds=PATIENCE)
    job_id = half_trained(client, document)
    epoch = client.job(job_id)["progress"]["epoch"]
    everything = serve.processes()
    assert len(everything) >= 6, "supervisor, broker, API (two), worker, two training processes"

    serve.stop(number)

    assert serve.exit_code == 0
    assert not any(tree.exists(pid) for pid in everything)
    serve.start()
    job = client.wait(job_id, timeout_seconds=PATIENCE)
    assert (job["status"], job["attempt"]) == ("succeeded", 2)
    assert job["weights_sha256"] == undisturbed(document).weights_sha256
    assert job["progress"]["epoch"] > epoch
    assert client.job(done["id"]) == done


def test_killed_it_leaves_nothing_running_and_goes_on_at_the_next_start(serve: Serve) -> None:
    document, client = job_of(1.5), serve.client
    job_id = half_trained(client, document)
    everything = serve.processes()

    os.kill(serve.pid, signal.SIGKILL)

    until(lambda: not serve.is_running, "the end of the supervisor")
    until(lambda: not any(tree.exists(pid) for pid in everything), "the end of everything it had started")
    serve.start()
    job = client.wait(job_id, timeout_seconds=PATIENCE)
    assert job["status"] == "succeeded"
    assert job["weights_sha256"] == undisturbed(document).weights_sha256


def test_it_says_what_it_does_and_nothing_else(serve: Serve) -> None:
    # Its API answers us before it has looked itself.
    until(lambda: "ready at" in serve.log.read_text(), "it says that it is ready", PATIENCE)
    serve.stop()
    said = [line for line in serve.log.read_text().splitlines() if line.startswith("gradqueue: ")]
    assert said == [
        f"gradqueue: starting; data in {serve.data}",
        f"gradqueue: ready at {serve.url} (documentation: {serve.url}/docs; Ctrl-C ends it)",
        "gradqueue: ending; unfinished jobs go on at the next start",
    ]
    others = [line for line in serve.log.read_text().splitlines() if line not in said and "[info" not in line]
    assert others == []


def test_a_second_one_on_the_same_folder_is_refused_in_one_line(shared: Serve) -> None:
    second = _refused("--data", str(shared.data), "--port", str(free_port()))
    who = f"another `gradqueue serve` (process {shared.pid})"
    assert second == f"gradqueue: the data folder {shared.data} is in use by {who}\n"


def test_a_second_one_on_the_same_port_is_refused_in_one_line(shared: Serve, tmp_path: Path) -> None:
    second = _refused("--data", str(tmp_path / "other"), "--port", str(shared.port))
    assert second == f"gradqueue: port {shared.port} on 127.0.0.1 is in use; choose another with --port\n"


def test_a_database_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "gradqueue.db").write_bytes(b"this is no database" * 100)
    assert _refused("--data", str(tmp_path), "--port", "0").splitlines()[1:] == [
        f"gradqueue: cannot use the database sqlite:///{tmp_path}/gradqueue.db: file is not a database"
    ]


def _refused(*options: str) -> str:
    ended = subprocess.run(
        [COMMAND, "serve", *options], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    return ended.stderr
