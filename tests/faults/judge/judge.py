"""Decides from the evidence whether the invariants held. `docs/reliability.md` says what they promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tests.faults.judge import rules
from tests.faults.judge.evidence import Evidence, Undisturbed


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant: which one, whose, and how."""

    invariant: str
    job_id: str
    how: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.job_id}: {self.how}"


Rule = Callable[[Evidence, Mapping[str, Undisturbed]], Iterator[tuple[str, str]]]

RULES: dict[str, tuple[Rule, ...]] = {
    "I1": (rules.no_job_is_lost,),
    "I2": (rules.one_terminal_status, rules.what_was_terminal_stays_so),
    "I3": (rules.curves_have_no_gap, rules.later_reads_extend_earlier_ones),
    "I4": (rules.bits_are_those_of_an_undisturbed_job,),
    "I5": (rules.only_the_newest_attempt_writes, rules.only_lost_attempts_count),
    "I6": (rules.cancelled_stays_cancelled,),
    "I7": (rules.one_key_one_job,),
    "I9": (rules.nothing_is_left_over,),
    "I10": (rules.faults_show_as_503,),
    "I13": (rules.streams_have_no_gap_and_no_repeat,),
}


def judge(evidence: Evidence, undisturbed: Mapping[str, Undisturbed]) -> list[Violation]:
    """Return every violation; `undisturbed` has the right result of each job whose bits are to be checked."""
    return [
        Violation(invariant, job_id, how)
        for invariant, its_rules in RULES.items()
        for rule in its_rules
        for job_id, how in rule(evidence, undisturbed)
    ]
