"""The whole stack as a project of Compose's own, reached from outside through its one published port."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import requests

from gradqueue import Client
from gradqueue.problem import Problem
from tests.compose import docker
from tests.faults import work
from tests.faults.parts.ports import free_port
from tests.support.waiting import until

PROJECT = "gradqueue-test"
IMAGE = "gradqueue:test"

#: Seconds until containers that start must be ready, and jobs of a few seconds done, on a busy machine.
PATIENCE = 120.0
#: And until all kernels are compiled: half a minute, when nobody else wants the processor.
COMPILE_PATIENCE = 600.0


class Stack:
    """The containers of docker-compose.yml under another project name, port and passwords."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "IMAGE": IMAGE,
            "API_ADDRESS": f"127.0.0.1:{self.port}",
            "POSTGRES_PASSWORD": "b7d1c04e55",
            "REDIS_PASSWORD": "91f3aa20d8",
        }

    def compose(self, *arguments: str) -> str:
        """Run Compose on the stack and return what it prints."""
        return docker.output(*docker.compose(PROJECT, self.environment, *arguments))

    def up(self, *, workers: int = 1) -> None:
        """Start what is not running, with so many worker containers; those that run stay as they are."""
        self.compose("up", "--detach", "--no-build", "--no-recreate", "--scale", f"worker={workers}")

    def heal(self) -> None:
        """Have everything run, with one worker, and wait until it is ready."""
        if self.is_ready() and self.workers_alive() == 1:
            return
        self.up()
        until(self.is_ready, "a stack that is ready", PATIENCE)

    def discard(self) -> None:
        """Remove containers, networks and volumes."""
        if "client" in self.__dict__:
            self.client.close()
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")

    @cached_property
    def api_key(self) -> str:
        """An API key, made as the head of docker-compose.yml says."""
        return self.exec("api", "gradqueue", "keys", "create", "test").strip().splitlines()[-1]

    @cached_property
    def client(self) -> Client:
        """A client from outside."""
        return Client(self.url, api_key=self.api_key)

    def workers_alive(self) -> int:
        """Return how many workers the service knows to be alive."""
        headers = {"Authorization": f"Bearer {self.api_key}"}
        queue = requests.get(f"{self.url}/v1/queue", headers=headers, timeout=PATIENCE).json()
        return int(queue["workers"]["alive"])

    def is_answering(self) -> bool:
        """Whether the API takes requests."""
        try:
            return requests.get(f"{self.url}/healthz", timeout=PATIENCE).ok
        except requests.ConnectionError:
            return False

    def is_ready(self) -> bool:
        """Whether it can take and train jobs, by its own word."""
        return self.client.ready()

    def containers(self, service: str) -> list[str]:
        """Return the ids of a service's running containers."""
        return self.compose("ps", "--quiet", service).split()

    def exec(self, service: str, *command: str) -> str:
        """Run a command in the first container of a service."""
        return self.compose("exec", "--no-TTY", service, *command)

    def events(self, service: str, event: str) -> list[dict[str, Any]]:
        """Return what a service's containers logged under this name, in the order of time."""
        lines = self.compose("logs", "--no-log-prefix", "--no-color", service).splitlines()
        logged = [json.loads(line) for line in lines if line.startswith("{")]
        return sorted((one for one in logged if one["event"] == event), key=lambda one: str(one["timestamp"]))

    def submit(self, document: Mapping[str, Any]) -> str:
        """Submit a job and return its id."""
        return self.client.submit(document)["id"]

    def epoch(self, job_id: str) -> int:
        """Return the last epoch of a job that is stored."""
        return self.client.job(job_id)["progress"]["epoch"]

    def wait_for_epochs(self, job_id: str, more: int = 1) -> int:
        """Wait until this many more epochs of the job are stored; return the last one."""
        first = self.epoch(job_id)
        until(lambda: self.epoch(job_id) >= first + more, f"{more} more epochs of {job_id}", PATIENCE)
        return self.epoch(job_id)

    def must_end_undisturbed(self, job_id: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Wait for the job's end: it succeeded, with the curve and the weights of a training that nobody
        disturbed, outside of any container."""
        job = self._ended(job_id)
        undisturbed = work.undisturbed(document)
        assert job["status"] == "succeeded", job["error"]
        assert job["weights_sha256"] == undisturbed.weights_sha256
        assert self.client.weights(job_id)["weights_sha256"] == undisturbed.weights_sha256
        assert self.client.loss_curve(job_id)["epochs"] == list(range(1, undisturbed.epochs + 1))
        return job

    def _ended(self, job_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return dict(self.client.wait(job_id, timeout_seconds=deadline - time.monotonic()))
            except Problem:
                assert time.monotonic() < deadline, "the service came not back"
