"""What clients saw: every answer, in the order in which they came."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request, or that none came (`http_status` 0: refused, cut, or too late)."""

    request: str
    http_status: int
    seconds: float
    content_type: str = ""
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A job in a 2xx. `key` is the idempotency key of the POST that it answered, if it answered one."""

    job_id: str
    status: str
    attempt: int
    epoch: int
    weights_sha256: str | None
    key: str | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any], key: str | None = None) -> JobSeen:
        return cls(
            document["id"],
            document["status"],
            document["attempt"],
            document["progress"]["epoch"],
            document["weights_sha256"],
            key,
        )


@dataclass(frozen=True, slots=True)
class Digest:
    """What is remembered of values that a client read: their number, and the digest of them as doubles."""

    count: int
    sha256: str

    @classmethod
    def of(cls, doubles: bytes) -> Digest:
        return cls(len(doubles) // 8, hashlib.sha256(doubles).hexdigest())


@dataclass(frozen=True, slots=True)
class CurveSeen:
    """A part of a loss curve, from `first_epoch` on, metric by metric."""

    job_id: str
    first_epoch: int
    metrics: Mapping[str, Digest]

    @classmethod
    def of(cls, job_id: str, document: Mapping[str, Any]) -> CurveSeen:
        epochs = document["epochs"]
        first = epochs[0] if epochs else 1
        assert epochs == list(range(first, first + len(epochs))), f"epochs with a gap: {epochs}"
        metrics = {
            name: Digest.of(np.array(values, "<f8").tobytes())
            for name, values in document.items()
            if isinstance(values, list) and name != "epochs"
        }
        return cls(job_id, first, metrics)


@dataclass(frozen=True, slots=True)
class EventSeen:
    """Epochs that came to one reader of a job's event stream, however often it was cut; or its end, with the
    job's last epoch as `first` and `last`."""

    job_id: str
    reader: str
    first: int
    last: int
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class JobDeleted:
    """A DELETE that was answered with 204."""

    job_id: str


Observation = Answer | JobSeen | CurveSeen | EventSeen | JobDeleted


class History:
    """Observations of any number of client threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._observations: list[Observation] = []

    def note(self, observation: Observation) -> None:
        with self._lock:
            self._observations.append(observation)

    def observations(self) -> tuple[Observation, ...]:
        with self._lock:
            return tuple(self._observations)
