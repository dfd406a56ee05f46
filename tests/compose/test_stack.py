"""What somebody relies on who runs `docker compose up` for others."""

from __future__ import annotations

import pytest
import requests

from tests.compose import docker
from tests.compose.stack import PATIENCE, PROJECT, Stack
from tests.compose.tutorial import tutorial
from tests.faults import work

pytestmark = [pytest.mark.service, pytest.mark.timeout(900)]

SERVICES = ("api", "worker", "db", "broker")


def test_the_tutorial_s_job_gives_the_bits_of_this_machine(stack: Stack) -> None:
    document, weights_sha256 = tutorial()
    job = stack.client.wait(stack.submit(document), timeout_seconds=PATIENCE)
    assert (job["status"], job["weights_sha256"]) == ("succeeded", weights_sha256)
    assert stack.client.weights(job["id"])["weights_sha256"] == weights_sha256


def test_no_container_compiles_a_kernel(stack: Stack) -> None:
    stack.must_end_undisturbed(stack.submit(work.short_job()), work.short_job())
    assert stack.events("worker", "compiling the trainer; only the first start takes this minute") == []
    assert stack.exec("worker", "ls", "-A", "/data") == "", "where kernels of another processor would be"


def test_requests_need_a_key(stack: Stack) -> None:
    answer = requests.get(f"{stack.url}/v1/jobs", timeout=PATIENCE)
    assert answer.status_code == 401


def test_the_pages_that_explain_problems_are_in_the_image(stack: Stack) -> None:
    answer = requests.get(f"{stack.url}/problems/unauthorized", timeout=PATIENCE)
    assert answer.status_code == 200


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_has_no_rights(stack: Stack, service: str) -> None:
    (container,) = stack.containers(service)
    assert docker.inspect(container)["HostConfig"]["ReadonlyRootfs"]
    facts = dict(line.split(":\t", 1) for line in stack.exec(service, "cat", "/proc/1/status").splitlines())
    assert "0" not in facts["Uid"].split(), "user ids of the first process"
    assert int(facts["CapEff"], 16) == 0
    assert facts["NoNewPrivs"] == "1"
    touched = docker.run("docker", "exec", container, "touch", "/usr/bin/gradqueue-was-here")
    assert touched.returncode != 0


def test_nothing_but_the_api_is_published_and_that_on_loopback(stack: Stack) -> None:
    published = {
        service: [address for ports in _ports(stack, service).values() for address in ports or ()]
        for service in SERVICES
    }
    assert published == {
        "api": [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}],
        "worker": [],
        "db": [],
        "broker": [],
    }


def _ports(stack: Stack, service: str) -> dict[str, list[dict[str, str]] | None]:
    (container,) = stack.containers(service)
    return dict(docker.inspect(container)["NetworkSettings"]["Ports"])


def test_all_but_the_api_are_on_a_network_that_leads_nowhere(stack: Stack) -> None:
    networks = {service: _networks(stack, service) for service in SERVICES}
    assert networks.pop("api") == {f"{PROJECT}_inside", f"{PROJECT}_outside"}
    assert set().union(*networks.values()) == {f"{PROJECT}_inside"}
    assert docker.inspect(f"{PROJECT}_inside")["Internal"] is True


def _networks(stack: Stack, service: str) -> set[str]:
    (container,) = stack.containers(service)
    return set(docker.inspect(container)["NetworkSettings"]["Networks"])


def test_a_password_that_everybody_knows_is_refused_by_the_service(image: str) -> None:
    environment = {"IMAGE": image, "POSTGRES_PASSWORD": "changeme", "REDIS_PASSWORD": "c0ffee77"}
    command = docker.compose(f"{PROJECT}-refused", environment, "run", "--rm", "--no-deps", "migrate")
    try:
        done = docker.run(*command)
    finally:
        docker.output(*docker.compose(f"{PROJECT}-refused", environment, "down", "--volumes"))
    assert done.returncode == 2, done.stdout
    assert "GRADQUEUE_DATABASE_URL has a password that everybody knows" in done.stdout
