"""Waiting for a condition, never for a time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")

#: Between two looks.
_LOOK_SECONDS = 0.01


def until(condition: Callable[[], Result], what: str, seconds: float = 20.0) -> Result:
    """Return the first true result of `condition`; fail the test if there is none for so long."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain: {what}"
        time.sleep(_LOOK_SECONDS)
    return result


def is_alive(pid: int) -> bool:
    """Whether the process exists; one that has ended and waits to be collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return not Path("/proc").is_dir()
    return status.rpartition(")")[2].split()[0] != "Z"
