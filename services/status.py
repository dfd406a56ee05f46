"""The life of a job as data.

Everything that depends on the statuses is made from these two tables: the guards of the SQL updates, the
CHECK constraints, the diagram in the docs, `GET /v1/meta` and the tests that try every event in every status.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether a job in this status never changes again."""
        return self in TERMINAL


TERMINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})


class Event(StrEnum):
    """What can happen to a job."""

    CLAIM = "claim"
    FLUSH = "flush"
    FINISH = "finish"
    FAIL = "fail"
    HAND_BACK = "hand_back"
    TAKE_BACK = "take_back"
    GIVE_UP = "give_up"
    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"


class StopReason(StrEnum):
    """Why the training of a job that succeeded ended."""

    MAX_EPOCHS = "max_epochs"
    EARLY_STOPPING = "early_stopping"
    TARGET_REACHED = "target_reached"


class JobError(StrEnum):
    """Why a job failed."""

    DIVERGED = "diverged"
    TIMEOUT = "timeout"
    WORKER_LOST = "worker_lost"
    OUT_OF_MEMORY = "out_of_memory"
    DETERMINISM_VIOLATION = "determinism_violation"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Transition:
    """An event, the statuses in which it may happen, the one it leads to, and who causes it."""

    event: Event
    sources: frozenset[Status]
    target: Status
    by: str
    meaning: str


def _transition(event: Event, sources: set[Status], target: Status, by: str, meaning: str) -> Transition:
    return Transition(event, frozenset(sources), target, by, meaning)


#: Columns of a job that are filled in exactly these statuses and null in all others. A transition out of
#: them empties the columns; a CHECK constraint each refuses everything else.
FILLED_IN: dict[str, frozenset[Status]] = {
    "worker": frozenset({Status.RUNNING}),
    "lease_expires_at": frozenset({Status.RUNNING}),
    "running_since": frozenset({Status.RUNNING}),
    "finished_at": TERMINAL,
    "stop_reason": frozenset({Status.SUCCEEDED}),
    "model_id": frozenset({Status.SUCCEEDED}),
    "weights_sha256": frozenset({Status.SUCCEEDED}),
    "error_code": frozenset({Status.FAILED}),
    "error_detail": frozenset({Status.FAILED}),
}

_S = Status
TRANSITIONS: dict[Event, Transition] = {
    t.event: t
    for t in (
        _transition(Event.CLAIM, {_S.QUEUED}, _S.RUNNING, "worker", "a worker begins the next attempt"),
        _transition(Event.FLUSH, {_S.RUNNING}, _S.RUNNING, "worker", "progress is stored, the lease renewed"),
        _transition(Event.FINISH, {_S.RUNNING}, _S.SUCCEEDED, "worker", "the training reached its end"),
        _transition(Event.FAIL, {_S.RUNNING}, _S.FAILED, "worker", "the training cannot go on"),
        _transition(Event.HAND_BACK, {_S.RUNNING}, _S.QUEUED, "worker", "a worker shuts down"),
        _transition(Event.TAKE_BACK, {_S.RUNNING}, _S.QUEUED, "sweeper", "the lease ran out"),
        _transition(
            Event.GIVE_UP, {_S.RUNNING}, _S.FAILED, "sweeper", "the lease of the last attempt ran out"
        ),
        _transition(
            Event.CANCEL,
            {_S.QUEUED, _S.RUNNING, _S.PAUSED},
            _S.CANCELLED,
            "client",
            "the job is wanted no more",
        ),
        _transition(
            Event.PAUSE, {_S.QUEUED, _S.RUNNING}, _S.PAUSED, "client", "the job waits, keeping its checkpoint"
        ),
        _transition(Event.RESUME, {_S.PAUSED}, _S.QUEUED, "client", "the job goes on from its checkpoint"),
    )
}
