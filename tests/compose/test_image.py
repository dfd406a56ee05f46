"""The image alone: `docker run`, as the head of the Dockerfile says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradqueue import Client
from tests.compose import docker
from tests.compose.stack import COMPILE_PATIENCE, PATIENCE
from tests.compose.tutorial import tutorial
from tests.faults.parts.ports import free_port
from tests.support.waiting import until

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]

NAME = "gradqueue-test-alone"
COMPILES = "compiling the trainer; only the first start takes this minute"


@pytest.fixture
def url(image: str) -> Iterator[str]:
    """One container that is the whole service, on a processor that the image was not built for."""
    port = free_port()
    options = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--volume", f"{NAME}:/data"]
    options += ["--env", "NUMBA_CPU_NAME=generic", "--env", "GRADQUEUE_AUTHENTICATION=off"]
    published = f"127.0.0.1:{port}:8000"
    try:
        docker.docker("run", "--detach", "--name", NAME, "--publish", published, *options, image)
        yield f"http://127.0.0.1:{port}"
    finally:
        docker.run("docker", "rm", "--force", NAME)
        docker.run("docker", "volume", "rm", NAME)


def test_on_another_processor_it_compiles_once_and_gives_the_same_bits(url: str) -> None:
    document, weights_sha256 = tutorial()
    with Client(url) as client:
        until(client.ready, "a container that is ready", COMPILE_PATIENCE)
        job = client.wait(client.submit(document)["id"], timeout_seconds=PATIENCE)
        assert job["weights_sha256"] == weights_sha256
        assert docker.docker("logs", NAME).count(COMPILES) == 1
        until(lambda: docker.inspect(NAME)["State"]["Health"]["Status"] == "healthy", "its health", PATIENCE)

        docker.docker("restart", NAME)

        until(client.ready, "a container that is ready", PATIENCE)
        assert docker.docker("logs", NAME).count(COMPILES) == 1
        assert client.job(job["id"]) == job
