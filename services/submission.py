"""What a request to train comes to: the schemas make it of the body, and the use case `submit` stores it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nn.data import Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A request to train, valid in every respect but whether its datasets exist.

    `resolved` is the spec as clients see it. A dataset is its numbers or the id of a stored one.
    `request_sha256` tells two requests apart that come with the same idempotency key.
    """

    name: str | None
    resolved: dict[str, Any]
    dataset: Dataset | str
    validation: Dataset | str | None
    epochs: int
    metadata: dict[str, Any]
    priority: int
    max_attempts: int
    timeout_seconds: float | None
    fingerprint: str
    request_sha256: str
