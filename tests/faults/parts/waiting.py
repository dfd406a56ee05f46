"""Waiting for a condition, never for a length of time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Seconds between two looks at a condition.
_LOOK_SECONDS = 0.05


def wait_until(
    condition: Callable[[], T], seconds: float, what: str, explain: Callable[[], object] = lambda: ""
) -> T:
    """Return the condition's first true value.

    Raises:
        AssertionError: none came within `seconds`; `explain` adds to the message.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}\n{explain()}")
        time.sleep(_LOOK_SECONDS)
    return value
