"""A store with an audit, on which processes die one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services import jobs
from services.schemas import parse_job
from services.settings import Limits, Settings
from services.store import Store
from tests.faults import work
from tests.faults.crash import victims
from tests.faults.judge import audit
from tests.faults.judge.evidence import Undisturbed, collect
from tests.faults.judge.history import JobSeen
from tests.faults.judge.judge import Violation, judge
from tests.faults.parts import sql

if TYPE_CHECKING:
    from tests.faults.crash.points import Crash


class Bench:
    """`trace` is where the crash points are noted that the latest process reached."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.trace = folder / "trace"
        self.store = Store(url, Settings())
        self._expected: dict[str, Undisturbed] = {}
        audit.install(url)

    def close(self) -> None:
        self.store.close()
        audit.remove(self.url)

    def submit(self, document: dict[str, Any]) -> str:
        """Submit a job, have its bits judged, and return its id."""
        submission = parse_job(json.dumps(document).encode(), Limits(), lambda _: None)
        job_id = jobs.submit(self.store, submission, queue_limit=1000).job.id
        self._expected[job_id] = work.undisturbed(document)
        return job_id

    def ids(self, condition: str) -> list[str]:
        """The ids of the jobs that meet an SQL condition."""
        return [row.id for row in sql.rows(self.url, f"SELECT id FROM jobs WHERE {condition}")]

    def dies(self, victim: Callable[..., None], crash: Crash | None, *arguments: Any) -> bool:
        """Run the victim; tell whether it reached the point to crash at, and died."""
        self.trace.unlink(missing_ok=True)
        return victims.run(victim, self.url, self.trace, crash, *arguments) != 0

    def points(self) -> list[str]:
        """The names of the crash points that the latest victim reached."""
        return self.trace.read_text().splitlines()

    def silence(self) -> None:
        """Let every lease run out."""
        sql.rows(self.url, "UPDATE jobs SET lease_expires_at = 1 WHERE status = 'running'")

    def take_back(self) -> None:
        """Do what a sweeper does after every lease has run out."""
        self.silence()
        jobs.sweep(self.store, limit=100, ring_again_seconds=3600.0)

    def complete(self) -> None:
        """Do what living workers and sweepers do, until no job is left to do."""
        while self.ids("status IN ('queued', 'running')"):
            self.take_back()
            self.dies(victims.train, None)

    def violations(self) -> list[Violation]:
        """Judge what is in the store; every job submitted counts as seen by a client."""
        seen = [JobSeen(job_id, "queued", 0, 0, None) for job_id in self._expected]
        return judge(collect(self.url, seen), self._expected)
