"""Facts about docker-compose.yml and the Dockerfile that hold without an engine; tests/compose runs them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gradqueue.cli import main
from services.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = [str(Path(sys.executable).with_name("docker-compose")), "--project-directory", str(ROOT)]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PROFILES = ("dev", "monitoring")
OURS = ("api", "worker", "migrate", "api-dev", "worker-dev")


def compose(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Compose on our file with nothing in the environment but this."""
    command = [*COMPOSE, "--file", str(ROOT / "docker-compose.yml"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def set_up(**changes: str) -> dict[str, str]:
    """What somebody writes into .env who follows .env.example."""
    lines = re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    return {name: value or "a1b2c3d4" for name, value in lines} | changes


@cache
def services(*profiles: str) -> dict[str, Any]:
    """The services as Compose understands the file, with every default filled in."""
    chosen = [word for profile in profiles for word in ("--profile", profile)]
    done = compose(*chosen, "config", "--format", "json", **set_up())
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout)["services"])


def test_without_a_profile_there_is_the_service_and_nothing_else() -> None:
    assert set(services()) == {"api", "worker", "migrate", "db", "broker"}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_adds_to_it(profile: str) -> None:
    assert set(services(profile)) > set(services())


def test_every_setting_they_set_exists() -> None:
    known = {entry.variable for entry in Settings().entries()}
    text = (ROOT / "docker-compose.yml").read_text() + DOCKERFILE
    assert set(re.findall(r"GRADQUEUE_[A-Z_]+", text)) - known == set()


def test_every_command_they_run_exists() -> None:
    commands = {services("dev")[name]["command"][0] for name in OURS}
    commands |= set(re.findall(r'^CMD \["([a-z]+)"', DOCKERFILE, re.MULTILINE))
    assert commands == {"api", "worker", "migrate", "serve"}
    assert commands - set(main.commands) == set()


@pytest.mark.parametrize("secret", ["POSTGRES_PASSWORD", "REDIS_PASSWORD"])
@pytest.mark.parametrize("given", [None, ""])
def test_without_a_secret_compose_refuses_and_names_it(secret: str, given: str | None) -> None:
    environment = set_up()
    del environment[secret]
    if given is not None:
        environment[secret] = given
    done = compose("config", "--quiet", **environment)
    assert done.returncode != 0
    assert f"required variable {secret} is missing a value: set it in .env" in done.stderr


def test_the_example_holds_no_secret() -> None:
    example = (ROOT / ".env.example").read_text()
    assert re.findall(r"^(\w+PASSWORD)=(.*)$", example, re.MULTILINE) == [
        ("POSTGRES_PASSWORD", ""),
        ("REDIS_PASSWORD", ""),
    ]


def test_only_the_api_is_published_and_only_on_loopback() -> None:
    published = {
        name: [port["host_ip"] for port in service["ports"]]
        for name, service in services(*PROFILES).items()
        if service.get("ports")
    }
    assert published.pop("api") == ["127.0.0.1"]
    assert {address for addresses in published.values() for address in addresses} == {"127.0.0.1"}
    assert published.keys().isdisjoint({"worker", "migrate", "db", "broker"})


def test_database_and_broker_are_on_the_inside_network_only() -> None:
    done = compose("config", "--format", "json", **set_up())
    assert json.loads(done.stdout)["networks"]["inside"]["internal"] is True
    inside = {name for name, service in services().items() if set(service["networks"]) == {"inside"}}
    assert inside == {"worker", "migrate", "db", "broker"}


def test_every_container_is_confined_and_bounded() -> None:
    for name, service in services(*PROFILES).items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert int(service["mem_limit"]) > 0, name
        assert service["pids_limit"] > 0, name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name


def test_a_worker_container_has_memory_for_all_its_processes() -> None:
    worker = services()["worker"]
    processes = int(worker["environment"]["GRADQUEUE_WORKERS"])
    assert int(worker["mem_limit"]) > processes * Settings().worker_memory_bytes


def test_a_container_has_longer_to_stop_than_the_processes_in_it() -> None:
    for name in OURS:
        grace = re.fullmatch(r"(\d+)s", services("dev")[name]["stop_grace_period"])
        assert grace is not None, name
        assert int(grace[1]) > Settings().shutdown_seconds, name


def test_the_image_copies_every_package_and_runs_as_nobody_special() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"COPY {package} {package}\n" in DOCKERFILE
    assert "\nUSER 10001:10001\n" in DOCKERFILE
