"""A campaign: clients at work, one fault after the other, and a judge at the end.

The seed decides the faults, the jobs and what clients do. Real processes do the rest, so a campaign with the
same seed is the same to a second, not to a microsecond.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults import work
from tests.faults.chaos.clients import Client
from tests.faults.chaos.figures import Figures, rescue_seconds
from tests.faults.chaos.menu import MENU, let_pass
from tests.faults.judge.evidence import collect
from tests.faults.judge.history import Answer

if TYPE_CHECKING:
    from tests.faults.judge.evidence import Evidence
    from tests.faults.parts.stack import Stack

#: Fewer jobs at a time than there are processes, so that a rescue waits for nobody.
CLIENTS = 3
#: Seconds between two faults, drawn evenly.
_PAUSES = (0.3, 3.0)
#: Seconds of training of the jobs, on an idle machine.
_LENGTHS = (0.05, 0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class _Kill:
    at_us: int
    job_id: str
    attempt: int


def run(stack: Stack, seed: int, seconds: float) -> Figures:
    """Disturb the service for so many seconds, then let every job end."""
    documents = [
        work.job_of(length, seed=number, max_attempts=100) for length in _LENGTHS for number in range(2)
    ]
    clients = [Client(stack, documents, seed * CLIENTS + number) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    began, faults, kills = time.monotonic(), Counter[str](), list[_Kill]()
    numbers, menu = random.Random(seed), MENU[stack.kind]
    while time.monotonic() - began < seconds:
        let_pass(numbers.uniform(*_PAUSES))
        [fault] = numbers.choices(menu, [fault.weight for fault in menu])
        running = _running(stack) if fault.group == "worker kills" else []
        fault.happen(stack, numbers)
        faults[fault.name] += 1
        kills += running
        stack.supervise()
    for client in clients:
        client.stop()
    seconds = time.monotonic() - began
    _come_to_rest(stack)
    evidence = collect(stack.database_url, stack.history.observations())
    figures = Figures(stack.kind, seed, seconds, faults)
    _sum_up(figures, evidence, kills)
    return figures


def _running(stack: Stack) -> list[_Kill]:
    """The attempts that may be killed now; those that were not will show no next attempt."""
    rows = stack.query("SELECT id, attempt FROM jobs WHERE status = 'running'")
    now = time.time_ns() // 1000
    return [_Kill(now, row.id, row.attempt) for row in rows]


def _come_to_rest(stack: Stack) -> None:
    stack.repair()
    for job_id in stack.ids("status = 'paused'"):
        stack.client.act(job_id, "resume")
    stack.wait_until_quiet()
    for job_id in stack.ids("true"):
        stack.client.job(job_id)
        stack.client.curve(job_id)


def _sum_up(figures: Figures, evidence: Evidence, kills: list[_Kill]) -> None:
    answers = [seen for seen in evidence.history if isinstance(seen, Answer)]
    figures.requests = len(answers)
    figures.refusals = sum(answer.http_status in (0, 503) for answer in answers)
    figures.ended.update(job.status for job in evidence.jobs.values())
    figures.attempts = sum(job.attempt for job in evidence.jobs.values())
    figures.lost_attempts = sum(job.lost_attempts for job in evidence.jobs.values())
    found = (rescue_seconds(evidence.notes, kill.job_id, kill.attempt, kill.at_us) for kill in kills)
    figures.rescues = [seconds for seconds in found if seconds is not None]
