"""What a campaign was and what came of it, as numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Figures:
    """`faults` are counted by group and name.

    Rescues are the seconds from the kill of a job's process to its next stored epoch: `rescues` those during
    which nothing else was broken, `disturbed_rescues` the others.
    """

    kind: str
    seed: int
    seconds: float
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    lost_attempts: int = 0
    requests: int = 0
    refusals: int = 0
    events: int = 0
    rescues: list[float] = field(default_factory=list)
    disturbed_rescues: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"campaign on {self.kind}, seed {self.seed}, {self.seconds / 60:.1f} minutes"]
        groups = Counter[str]()
        for (group, _), number in self.faults.items():
            groups[group] += number
        for group, total in sorted(groups.items()):
            lines.append(f"  {total:6}  {group}")
            lines += [
                f"          {n:6}  {name}" for (g, name), n in sorted(self.faults.items()) if g == group
            ]
        lines += [f"  {count:6}  jobs {status}" for status, count in sorted(self.ended.items())]
        lines += [
            f"  {self.ended.total():6}  jobs in all",
            f"  {self.attempts:6}  attempts, {self.lost_attempts} of them lost",
            f"  {self.requests:6}  requests, {self.refusals} of them refused with 503 or not answered",
            f"  {self.events:6}  events of epochs or ends, read by one reader per job",
            "seconds from the kill of a job's process to its next stored epoch",
            _spread("with nothing else broken meanwhile", self.rescues),
            _spread("with further faults meanwhile", self.disturbed_rescues),
        ]
        return "\n".join(lines)


def _spread(what: str, seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    if not ordered:
        return f"  {0:6}  {what}"
    median, most = ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100]
    return (
        f"  {len(ordered):6}  {what}: median {median:.1f}, 95 % within {most:.1f}, longest {ordered[-1]:.1f}"
    )
