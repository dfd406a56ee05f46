"""Docker and Compose as commands: what they print is the result, and a failure says what they said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_COMPOSE = [str(Path(sys.executable).with_name("docker-compose")), "--project-directory", str(ROOT)]

#: Where packages come from, if somebody says so, as a build argument.
_BUILD_ARGUMENTS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
#: Seconds any one command may take.
_PATIENCE = 240


def run(
    *command: str, environment: Mapping[str, str] | None = None, seconds: float = _PATIENCE
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, whatever that is; error output is part of the output."""
    return subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )


def output(*command: str, environment: Mapping[str, str] | None = None, seconds: float = _PATIENCE) -> str:
    """Run a command that must succeed, and return what it prints."""
    done = run(*command, environment=environment, seconds=seconds)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"
    return done.stdout


def docker(*arguments: str) -> str:
    """Run `docker` and return what it prints."""
    return output("docker", *arguments)


def inspect(name: str) -> dict[str, Any]:
    """Return what Docker knows of a container, an image or a network."""
    return dict(json.loads(docker("inspect", name))[0])


def compose(project: str, environment: Mapping[str, str], *arguments: str) -> list[str]:
    """Return the command that runs Compose on our file, for a project of its own and with no file `.env`."""
    settings = [f"{name}={value}" for name, value in environment.items()]
    files = ["--env-file", "/dev/null", "--file", str(ROOT / "docker-compose.yml")]
    return ["env", *settings, *_COMPOSE, *files, "--project-name", project, *arguments]


def build(tag: str, *, seconds: float = 900) -> None:
    """Build the image: with BuildKit where the engine has it, else without."""
    has_buildkit = run("docker", "buildx", "version").returncode == 0
    arguments = [word for name in _BUILD_ARGUMENTS if name in os.environ for word in ("--build-arg", name)]
    output(
        "docker",
        "build",
        *arguments,
        "--tag",
        tag,
        str(ROOT),
        environment={"DOCKER_BUILDKIT": "1" if has_buildkit else "0"},
        seconds=seconds,
    )
