"""Facts about docker-compose.yml and the Dockerfile that hold without an engine."""

from __future__ import annotations

import re
from pathlib import Path

from gradqueue.cli import main
from services.settings import Settings

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_every_setting_they_set_exists() -> None:
    known = {entry.variable for entry in Settings().entries()}
    assert set(re.findall(r"GRADQUEUE_[A-Z_]+", COMPOSE + DOCKERFILE)) - known == set()


def test_every_command_they_run_exists() -> None:
    commands = set(re.findall(r"command: \[([a-z]+)[,\]]", COMPOSE)) | set(
        re.findall(r'CMD \["([a-z]+)"', DOCKERFILE)
    )
    assert commands >= {"api", "worker", "migrate", "serve"}
    assert commands - set(main.commands) == set()


def test_every_secret_must_be_given() -> None:
    passwords = set(re.findall(r"\$\{(\w*PASSWORD)([^}]*)\}", COMPOSE))
    assert passwords
    assert {name for name, rest in passwords if not rest.startswith(":?")} == set()
    example = (ROOT / ".env.example").read_text()
    assert [name for name, _ in passwords if f"\n{name}=\n" not in example] == []


def test_only_the_api_is_published_and_only_on_loopback() -> None:
    assert re.findall(r"ports:\n\s+- (.*)", COMPOSE) == ["${API_ADDRESS:-127.0.0.1:8000}:8000"]


def test_a_container_has_longer_to_stop_than_the_processes_in_it() -> None:
    grace = [int(seconds) for seconds in re.findall(r"stop_grace_period: (\d+)s", COMPOSE)]
    assert min(grace) > Settings().shutdown_seconds


def test_the_image_copies_every_package_and_runs_as_nobody_special() -> None:
    packages = re.search(r"packages = \[(.*)\]", (ROOT / "pyproject.toml").read_text())
    assert packages
    for package in re.findall(r'"(\w+)"', packages[1]):
        assert f"COPY {package} {package}\n" in DOCKERFILE
    assert "\nUSER gradqueue\n" in DOCKERFILE
