"""What a campaign was and what came of it, as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.judge.audit import Note


@dataclass
class Figures:
    """`rescues` are the seconds from each kill of a job's process to its next stored epoch."""

    kind: str
    seed: int
    seconds: float
    faults: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    lost_attempts: int = 0
    requests: int = 0
    refusals: int = 0
    rescues: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        rescues = sorted(self.rescues)
        lines = [f"campaign on {self.kind}, seed {self.seed}, {self.seconds / 60:.1f} minutes"]
        lines += [f"  {count:6}  {name}" for name, count in sorted(self.faults.items())]
        lines += [f"  {count:6}  jobs {status}" for status, count in sorted(self.ended.items())]
        lines += [
            f"  {self.attempts:6}  attempts, {self.lost_attempts} of them lost",
            f"  {self.requests:6}  requests, {self.refusals} of them refused with 503 or not answered",
        ]
        if rescues:
            median, most = rescues[len(rescues) // 2], rescues[len(rescues) * 95 // 100]
            lines.append(
                f"  {len(rescues):6}  rescues; seconds from the kill to the next stored epoch:"
                f" median {median:.1f}, 95 % within {most:.1f}, longest {rescues[-1]:.1f}"
            )
        return "\n".join(lines)


def rescue_seconds(notes: Sequence[Note], job_id: str, attempt: int, killed_at_us: int) -> float | None:
    """Return how long after the kill of an attempt's process the job's next epoch was stored.

    None if the attempt went on (it was handed back or not hit), or the job was cancelled or paused.
    """
    later = [note for note in notes if note.job_id == job_id and note.at_us > killed_at_us]
    for note in later:
        if note.status in ("cancelled", "paused", "failed", "succeeded") and note.attempt <= attempt:
            return None
        if note.what == "chunk":
            return (note.at_us - killed_at_us) / 1e6 if note.attempt > attempt else None
    return None
