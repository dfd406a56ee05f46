"""What must hold for a body of any bytes."""

from __future__ import annotations

import json
import math
from typing import Any

from services.errors import InvalidInput, Malformed
from services.schemas import parse_job
from services.schemas.strict_json import parse
from services.settings import Limits

#: Small, so that no body asks for much work.
LIMITS = Limits(rows=100, epochs=100, parameters=1000, layer_width=50, budget=10**7)


def check(body: bytes) -> str:
    """Read a body as a job; return how that ended, or raise if it did so in a way that it must not.

    A body is refused with a documented error or accepted; never anything else. What the strict parser
    accepts, Python's own parser reads in the same way, so that no two readers see different jobs.
    """
    try:
        document = parse(body)
    except Malformed as error:
        assert len(error.detail) < 300  # noqa: PT017 (this is no test but what tests and the fuzzer call)
        return error.code
    assert _is_same(document, json.loads(body))
    try:
        parse_job(body, LIMITS, lambda _dataset_id: None)
    except Malformed as error:
        return error.code
    except InvalidInput as error:
        assert 1 <= len(error.problems) <= 20  # noqa: PT017
        return "invalid_input"
    return "accepted"


def _is_same(ours: Any, python_s: Any) -> bool:
    if isinstance(ours, dict):
        return (
            isinstance(python_s, dict)
            and list(ours) == list(python_s)
            and all(_is_same(ours[key], python_s[key]) for key in ours)
        )
    if isinstance(ours, list):
        return (
            isinstance(python_s, list) and len(ours) == len(python_s) and all(map(_is_same, ours, python_s))
        )
    if isinstance(ours, float):
        # An integer beyond 64 bits is a double here.
        return math.isfinite(ours) and ours == float(python_s) and _sign(ours) == _sign(float(python_s))
    return type(ours) is type(python_s) and bool(ours == python_s)


def _sign(number: float) -> float:
    return math.copysign(1.0, number)
