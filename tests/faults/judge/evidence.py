"""What is known after a run: the store's own bytes, the audit of its changes, and what clients saw.

The store is read with SQL of our own and its curves are decoded here: nothing that is on trial testifies
for itself.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy
from sqlalchemy import NullPool

from tests.faults.judge import audit

if TYPE_CHECKING:
    from tests.faults.judge.audit import Note
    from tests.faults.judge.history import Observation


@dataclass(frozen=True, slots=True)
class StoredJob:
    """The columns of a job that the invariants speak of."""

    id: str
    status: str
    attempt: int
    lost_attempts: int
    max_attempts: int
    epoch: int
    weights_sha256: str | None
    model_id: str | None
    error_code: str | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Stored epochs `first_epoch ..`; each metric's values as little-endian doubles."""

    first_epoch: int
    attempt: int
    metrics: Mapping[str, bytes]

    @property
    def epochs(self) -> int:
        return len(next(iter(self.metrics.values()))) // 8


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """The right result of a job: each metric's values as little-endian doubles, and the weights' digest."""

    metrics: Mapping[str, bytes]
    epochs: int
    weights_sha256: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the judge looks at. Chunks are in the order of their first epoch."""

    jobs: Mapping[str, StoredJob]
    chunks: Mapping[str, Sequence[Chunk]]
    models: Mapping[str, str]
    notes: Sequence[Note]
    history: Sequence[Observation]


def collect(url: str, history: Sequence[Observation]) -> Evidence:
    """Read the store at `url` while nobody changes it."""
    chunks = defaultdict(list)
    with sqlalchemy.create_engine(url, poolclass=NullPool).connect() as connection:
        columns = ", ".join(StoredJob.__slots__)
        jobs = [StoredJob(*row) for row in connection.exec_driver_sql(f"SELECT {columns} FROM jobs")]
        models = {row.id: row.weights_sha256 for row in connection.exec_driver_sql("SELECT * FROM models")}
        for row in connection.exec_driver_sql("SELECT * FROM loss_chunks ORDER BY first_epoch"):
            chunks[row.job_id].append(Chunk(row.first_epoch, row.attempt, _metrics(row)))
        notes = audit.read(connection)
    return Evidence({job.id: job for job in jobs}, chunks, models, notes, tuple(history))


def _metrics(row: Any) -> dict[str, bytes]:
    names = json.loads(row.metrics) if isinstance(row.metrics, str) else row.metrics
    values = np.frombuffer(row.data, "<f8").reshape(len(names), row.epochs)
    return {name: column.tobytes() for name, column in zip(names, values, strict=True)}
