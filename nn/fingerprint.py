"""The fingerprint of a training: equal fingerprints promise equal weights, to the last bit."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from nn.numerics import NUMERICS_VERSION

if TYPE_CHECKING:
    from nn.data import Dataset
    from nn.spec import Spec


def fingerprint(spec: Spec, dataset: Dataset, validation: Dataset | None = None) -> str:
    """Return 64 hexadecimal digits over everything that decides the weights: spec, data and arithmetic."""
    content = {
        "numerics_version": NUMERICS_VERSION,
        "spec": _plain(spec),
        "dataset": dataset.sha256,
        "validation": None if validation is None else validation.sha256,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return dataclasses as objects that name their type, and 1 and 1.0, which are the same number, alike."""
    if is_dataclass(value):
        named = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return {"type": type(value).__name__, **named}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
