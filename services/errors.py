"""Everything that can go wrong between a client and the service, as one small tree.

```
DomainError
├── Malformed             what was sent cannot be parsed; says where
├── InvalidInput          what was sent is not acceptable; carries every problem found
├── NotFound              no such object, or not the caller's
├── InvalidStatus         the job's status does not allow this; carries the allowed ones
├── NoWeights             the job has no checkpoint yet
├── DatasetInUse          a job that is not terminal needs the dataset
├── IdempotencyKeyReused  the same key came with another request
├── QueueFull             too many jobs are waiting
├── TooManyJobs           too many jobs of this owner are waiting
├── Unavailable           the store cannot be reached now
│   ├── CommitUnknown     ... and nobody can say whether the last transaction was committed
│   └── SchemaMismatch    ... by this version of the code: its tables are older or newer
├── Damaged               stored bytes are not those that were stored
├── UnreadableBackup      (command line only) a file to restore is damaged, or no backup
├── UnreadableExport      (command line only) a file to import is damaged, or not understood
├── LeaseLost             (worker only) the job is no longer this attempt's
├── ProgressLost          (worker only) the database lost epochs that it had taken
└── DeterminismViolation  (worker only) an epoch trained again came out different
```

HTTP statuses are one table in `services/api/problems.py`; every code has a page under `docs/problems/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class DomainError(Exception):
    """Base of all errors a use case raises on purpose. `code` is stable and documented."""

    code = "internal"
    title = "Internal error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input: where (a JSON pointer), what kind, and in words.

    `row` and `column` are the place in a table of numbers, counted from 0 as in the pointer. In a file of
    lines there are no pointers: `line` and `column` count from 1.
    """

    pointer: str
    code: str
    detail: str
    row: int | None = None
    column: int | None = None
    line: int | None = None


class Malformed(DomainError):
    """What was sent cannot be parsed; `code` says why.

    `line` and `column` count from 1, `offset` in bytes from 0.
    """

    title = "The request cannot be parsed"

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        line: int | None = None,
        column: int | None = None,
        offset: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.line = line
        self.column = column
        self.offset = offset


class InvalidInput(DomainError):
    """What was sent could be parsed but is not acceptable.

    Holds every problem found, or the first ones of `total` when there are very many.
    """

    code = "invalid_input"
    title = "The request is not acceptable"

    def __init__(self, problems: Iterable[Problem], total: int | None = None) -> None:
        self.problems: Sequence[Problem] = tuple(problems)
        self.total = total or len(self.problems)
        super().__init__(self.problems[0].detail if self.total == 1 else f"{self.total} problems were found")


class NotFound(DomainError):
    """There is no such object, or it belongs to someone else."""

    code = "not_found"
    title = "Not found"


class InvalidStatus(DomainError):
    """The job's status does not allow the action."""

    code = "invalid_status"
    title = "The job's status does not allow this"

    def __init__(self, detail: str, *, status: str, allowed: Iterable[str]) -> None:
        super().__init__(detail)
        self.status = status
        self.allowed = tuple(sorted(allowed))


class NoWeights(DomainError):
    """The job has not stored a checkpoint yet."""

    code = "no_weights"
    title = "No weights yet"


class DatasetInUse(DomainError):
    """A job that is not terminal needs this dataset."""

    code = "dataset_in_use"
    title = "The dataset is in use"


class IdempotencyKeyReused(DomainError):
    """The idempotency key was used before, for a different request."""

    code = "idempotency_key_reused"
    title = "The idempotency key was used for another request"


class QueueFull(DomainError):
    """Too many jobs are waiting; try again later."""

    code = "queue_full"
    title = "The queue is full"


class TooManyJobs(DomainError):
    """Too many jobs of the same owner are waiting; try again when some have begun."""

    code = "too_many_jobs"
    title = "Too many jobs are waiting"


class Unavailable(DomainError):
    """The store cannot be reached now; try again."""

    code = "unavailable"
    title = "Temporarily unavailable"


class CommitUnknown(Unavailable):
    """The connection broke during COMMIT: it happened, or it did not. Read again, never guess."""


class SchemaMismatch(Unavailable):
    """The database's tables are those of another version. Passes by itself once the migrations have run."""


class Damaged(DomainError):
    """Stored bytes do not have the digest they were stored with; they are not used."""

    code = "damaged"
    title = "Stored data is damaged"


class UnreadableBackup(DomainError):
    """A file to restore is damaged, or no backup of a store."""

    code = "unreadable_backup"
    title = "The file cannot be restored"


class UnreadableExport(DomainError):
    """A file to import is no export, damaged, or holds what this version does not understand."""

    code = "unreadable_export"
    title = "The file cannot be imported"


class LeaseLost(DomainError):
    """The job is no longer this attempt's: cancelled, paused, or taken back. Nothing was written."""

    code = "lease_lost"
    title = "The job belongs to someone else now"


class ProgressLost(DomainError):
    """The database crashed and lost epochs that it had taken. The job goes on from what is left of it."""

    code = "progress_lost"
    title = "Stored progress was lost"


class DeterminismViolation(DomainError):
    """An epoch that was trained again differs from the stored one. Nothing was written."""

    code = "determinism_violation"
    title = "The training did not repeat itself"
