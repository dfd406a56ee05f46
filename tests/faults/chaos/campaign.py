"""A campaign: clients at work, one fault after the other, and a judge at the end.

The seed decides the faults, the jobs and what clients do. Real processes do the rest, so a campaign with the
same seed is the same to a second, not to a microsecond.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.faults import work
from tests.faults.chaos import kills
from tests.faults.chaos.clients import Client
from tests.faults.chaos.figures import Figures
from tests.faults.chaos.menu import LONG_OUTAGES, MENU, WORKER_KILLS, Fault, let_pass
from tests.faults.judge.evidence import collect
from tests.faults.judge.history import Answer, EventSeen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.judge.evidence import Evidence
    from tests.faults.parts.stack import Stack

CLIENTS = 3
#: Workers: while some start again, which takes a busy machine long, others are there to be hurt.
WORKERS = 3
#: Each worker alone can train the jobs of all clients, so that a rescue waits for nobody.
SETTINGS = {"GRADQUEUE_WORKERS": str(CLIENTS)}

#: Seconds between two faults, drawn evenly.
_PAUSES = (0.2, 2.0)
#: Of the kills of workers, one in so many is left alone until its jobs are rescued, to measure the time.
_KILLS_PER_MEASURED = 3
#: Seconds of training of the jobs, on an idle machine.
_LENGTHS = (0.05, 0.3, 1.0, 2.0)
#: Seconds of a campaign that has time for long outages.
_LONG_CAMPAIGN = 600.0


def run(stack: Stack, seed: int, seconds: float) -> Figures:
    """Disturb the service for so many seconds, then let every job end."""
    for number in range(2, WORKERS + 1):
        stack.add_worker(f"worker {number}").start()
    documents = [
        work.job_of(length, seed=number, max_attempts=100) for length in _LENGTHS for number in range(2)
    ]
    clients = [Client(stack, documents, seed * CLIENTS + number) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    began, faults, killed = time.monotonic(), Counter[tuple[str, str]](), list[kills.Kill]()
    numbers = random.Random(seed)
    for fault in _faults(stack.kind, numbers, seconds):
        let_pass(numbers.uniform(*_PAUSES))
        is_measured = fault.group == WORKER_KILLS and numbers.randrange(_KILLS_PER_MEASURED) == 0
        if is_measured:
            kills.wait_until_all_is_well(stack)
        running = kills.running(stack)
        fault.happen(stack, numbers)
        faults[fault.group, fault.name] += 1
        stack.supervise()
        if fault.group == WORKER_KILLS:
            killed += (hit := kills.hit(running, is_measured))
            if is_measured:
                kills.wait_for_rescue(stack, hit)
    for client in clients:
        client.stop()
    figures = Figures(stack.kind, seed, time.monotonic() - began, faults)
    _come_to_rest(stack)
    for client in clients:
        client.read_to_the_end()
    _sum_up(figures, collect(stack.database_url, stack.history.observations()), killed)
    return figures


def _faults(kind: str, numbers: random.Random, seconds: float) -> Iterator[Fault]:
    """Draw faults until the time is over; in a long campaign each long outage comes once."""
    menu, began = MENU[kind], time.monotonic()
    long_outages = list(LONG_OUTAGES[kind]) if seconds >= _LONG_CAMPAIGN else []
    every = seconds / (len(long_outages) + 1)
    while (passed := time.monotonic() - began) < seconds:
        if long_outages and passed > seconds - every * len(long_outages):
            yield long_outages.pop()
        else:
            yield numbers.choices(menu, [fault.weight for fault in menu])[0]


def _come_to_rest(stack: Stack) -> None:
    stack.repair()
    for job_id in stack.ids("status = 'paused'"):
        stack.client.act(job_id, "resume")
    stack.wait_until_quiet()
    for job_id in stack.ids("true"):
        stack.client.job(job_id)
        stack.client.curve(job_id)


def _sum_up(figures: Figures, evidence: Evidence, killed: list[kills.Kill]) -> None:
    answers = [seen for seen in evidence.history if isinstance(seen, Answer)]
    figures.requests = len(answers)
    figures.refusals = sum(answer.http_status in (0, 503) for answer in answers)
    figures.events = sum(isinstance(seen, EventSeen) for seen in evidence.history)
    figures.ended.update(job.status for job in evidence.jobs.values())
    figures.attempts = sum(job.attempt for job in evidence.jobs.values())
    figures.lost_attempts = sum(job.lost_attempts for job in evidence.jobs.values())
    for kill in killed:
        seconds = kills.rescue_seconds(evidence.notes, kill)
        if seconds is not None:
            (figures.rescues if kill.is_measured else figures.disturbed_rescues).append(seconds)
