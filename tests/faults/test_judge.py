"""The judge is itself on trial: each invariant, broken on purpose, must be noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.faults.judge.audit import Note
from tests.faults.judge.evidence import Chunk, Evidence, StoredJob, Undisturbed
from tests.faults.judge.history import (
    Answer,
    CurveSeen,
    Digest,
    EventSeen,
    JobDeleted,
    JobSeen,
    Observation,
)
from tests.faults.judge.judge import RULES, judge

DONE, CANCELLED = "job_done", "job_cancelled"
LOSSES = np.array([0.5, 0.4, 0.3, 0.2], "<f8").tobytes()
RIGHT = {
    DONE: Undisturbed({"train_loss": LOSSES}, 4, "abc"),
    CANCELLED: Undisturbed({"train_loss": LOSSES}, 4, "abc"),
}


def note(
    number: int,
    job_id: str,
    what: str,
    status: str,
    attempt: int,
    lost: int = 0,
    epochs: tuple[int, int] = (0, 0),
) -> Note:
    return Note(number, number * 1000, job_id, what, status, attempt, lost, *epochs)


def sound() -> Evidence:
    """One job that lost its worker after two epochs and succeeded; one that was cancelled after one epoch."""
    return Evidence(
        jobs={
            DONE: StoredJob(DONE, "succeeded", 2, 1, 3, 4, "abc", "mdl_1", None),
            CANCELLED: StoredJob(CANCELLED, "cancelled", 1, 0, 3, 1, None, None, None),
        },
        chunks={
            DONE: [Chunk(1, 1, {"train_loss": LOSSES[:16]}), Chunk(3, 2, {"train_loss": LOSSES[16:]})],
            CANCELLED: [Chunk(1, 1, {"train_loss": LOSSES[:8]})],
        },
        models={"mdl_1": "abc"},
        notes=[
            note(1, DONE, "new", "queued", 0),
            note(2, DONE, "job", "running", 1),
            note(3, CANCELLED, "new", "queued", 0),
            note(4, DONE, "job", "running", 1),
            note(5, DONE, "chunk", "", 1, epochs=(1, 2)),
            note(6, DONE, "checkpoint", "", 1, epochs=(2, 2)),
            note(7, CANCELLED, "job", "running", 1),
            note(8, CANCELLED, "job", "running", 1),
            note(9, CANCELLED, "chunk", "", 1, epochs=(1, 1)),
            note(10, DONE, "job", "queued", 1, lost=1),
            note(11, DONE, "job", "running", 2, lost=1),
            note(12, CANCELLED, "job", "cancelled", 1),
            note(13, DONE, "job", "running", 2, lost=1),
            note(14, DONE, "chunk", "", 2, epochs=(3, 4)),
            note(15, DONE, "job", "succeeded", 2, lost=1),
        ],
        history=(
            JobSeen(DONE, "queued", 0, 0, None, key="k1"),
            JobSeen(CANCELLED, "queued", 0, 0, None, key="k2"),
            JobSeen(DONE, "queued", 0, 0, None, key="k1"),
            CurveSeen(DONE, 2, {"train_loss": Digest.of(LOSSES[8:16])}),
            JobSeen(CANCELLED, "cancelled", 1, 1, None),
            Answer("GET /v1/jobs", 503, 2.0, "application/problem+json", "1"),
            Answer("GET /v1/jobs", 0, 0.1),
            JobSeen(DONE, "succeeded", 2, 4, "abc"),
            EventSeen(DONE, "r1", 1, 2),
            EventSeen(DONE, "r2", 1, 4),
            EventSeen(DONE, "r1", 3, 4),
            EventSeen(DONE, "r1", 4, 4, is_end=True),
        ),
    )


def test_sound_evidence_holds_no_violation() -> None:
    assert judge(sound(), RIGHT) == []


def test_a_deleted_job_is_not_a_lost_one() -> None:
    assert judge(without(DONE, seen(sound(), JobDeleted(DONE))), RIGHT) == []


def seen(evidence: Evidence, observation: Observation) -> Evidence:
    return replace(evidence, history=(*evidence.history, observation))


def noted(evidence: Evidence, *notes: Note) -> Evidence:
    return replace(evidence, notes=[*evidence.notes, *notes])


def without(job_id: str, evidence: Evidence) -> Evidence:
    jobs = {name: job for name, job in evidence.jobs.items() if name != job_id}
    return replace(evidence, jobs=jobs, chunks={name: evidence.chunks[name] for name in jobs})


def stored(evidence: Evidence, job_id: str, **columns: object) -> Evidence:
    return replace(evidence, jobs={**evidence.jobs, job_id: replace(evidence.jobs[job_id], **columns)})


def chunked(evidence: Evidence, *chunks: Chunk) -> Evidence:
    return replace(evidence, chunks={**evidence.chunks, DONE: chunks})


def first(values: bytes) -> Chunk:
    return Chunk(1, 1, {"train_loss": values})


def second(values: bytes, epoch: int = 3) -> Chunk:
    return Chunk(epoch, 2, {"train_loss": values})


OTHER = np.array([0.3, 0.20000000000000004], "<f8").tobytes()

PLANTED: dict[str, tuple[str, Callable[[Evidence], Evidence]]] = {
    "an accepted job is gone": ("I1", lambda e: without(DONE, e)),
    "a job is changed after its end": ("I2", lambda e: noted(e, note(16, DONE, "job", "succeeded", 2, 1))),
    "a job succeeds after it was cancelled": (
        "I2",
        lambda e: noted(e, note(16, CANCELLED, "job", "succeeded", 1)),
    ),
    "a job goes from queued to succeeded": (
        "I2",
        lambda e: noted(e, note(16, "job_3", "new", "queued", 0), note(17, "job_3", "job", "succeeded", 0)),
    ),
    "a client saw another end": ("I2", lambda e: seen(e, JobSeen(DONE, "failed", 2, 4, None))),
    "a client saw other weights": ("I2", lambda e: seen(e, JobSeen(DONE, "succeeded", 2, 4, "xyz"))),
    "the model of a job that succeeded is missing": ("I2", lambda e: replace(e, models={})),
    "an epoch is missing": ("I3", lambda e: chunked(e, first(LOSSES[:8]), second(LOSSES[16:]))),
    "an epoch is stored twice": ("I3", lambda e: chunked(e, first(LOSSES[:16]), second(LOSSES[8:], 2))),
    "the curve ends before the job's epoch": ("I3", lambda e: chunked(e, first(LOSSES[:16]))),
    "an epoch changed after it was read": (
        "I3",
        lambda e: seen(e, CurveSeen(DONE, 3, {"train_loss": Digest.of(OTHER)})),
    ),
    "an epoch was read that is not there now": (
        "I3",
        lambda e: seen(e, CurveSeen(DONE, 4, {"train_loss": Digest.of(LOSSES[:16])})),
    ),
    "a loss differs in its last bit": ("I4", lambda e: chunked(e, first(LOSSES[:16]), second(OTHER))),
    "the weights are others": ("I4", lambda e: stored(e, DONE, weights_sha256="xyz")),
    "a job succeeds early": ("I4", lambda e: stored(e, DONE, epoch=3)),
    "a stale attempt writes": ("I5", lambda e: noted(e, note(16, DONE, "chunk", "", 1, epochs=(5, 5)))),
    "an epoch is added to a job that does not run": (
        "I5",
        lambda e: noted(e, note(16, DONE, "chunk", "", 2)),
    ),
    "an attempt is skipped": (
        "I5",
        lambda e: noted(e, note(16, "job_3", "new", "queued", 0), note(17, "job_3", "job", "running", 2)),
    ),
    "a pause counts as lost": (
        "I5",
        lambda e: noted(
            e,
            note(16, "job_3", "new", "queued", 0),
            note(17, "job_3", "job", "running", 1),
            note(18, "job_3", "job", "paused", 1, lost=1),
        ),
    ),
    "more attempts are lost than allowed": ("I5", lambda e: stored(e, DONE, lost_attempts=4)),
    "a cancelled job goes on": ("I6", lambda e: noted(e, note(16, CANCELLED, "chunk", "", 1, epochs=(2, 2)))),
    "a cancelled job succeeds": ("I6", lambda e: stored(e, CANCELLED, status="succeeded")),
    "one key makes two jobs": ("I7", lambda e: seen(e, JobSeen(CANCELLED, "queued", 0, 0, None, key="k1"))),
    "a job waits for ever": ("I9", lambda e: stored(e, CANCELLED, status="queued")),
    "a job runs for ever": ("I9", lambda e: stored(e, CANCELLED, status="running")),
    "a stream repeats an epoch": ("I13", lambda e: seen(e, EventSeen(DONE, "r2", 4, 4))),
    "a stream leaves an epoch out": ("I13", lambda e: seen(e, EventSeen(DONE, "r3", 2, 4))),
    "a stream ends early": ("I13", lambda e: seen(e, EventSeen(DONE, "r3", 4, 4, is_end=True))),
    "a stream goes on after its end": ("I13", lambda e: seen(e, EventSeen(DONE, "r1", 5, 5))),
    "a request hangs": ("I10", lambda e: seen(e, Answer("GET /", 200, 11.0, "application/json"))),
    "an error is HTML": ("I10", lambda e: seen(e, Answer("GET /", 404, 0.1, "text/html"))),
    "a fault is a 500": ("I10", lambda e: seen(e, Answer("GET /", 500, 0.1, "application/problem+json"))),
    "a 503 does not say when": (
        "I10",
        lambda e: seen(e, Answer("GET /", 503, 0.1, "application/problem+json")),
    ),
}


@pytest.mark.parametrize("plant", PLANTED)
def test_the_judge_notices_that(plant: str) -> None:
    invariant, spoil = PLANTED[plant]
    assert invariant in {violation.invariant for violation in judge(spoil(sound()), RIGHT)}


def test_every_rule_has_a_violation_planted_for_it() -> None:
    assert {invariant for invariant, _ in PLANTED.values()} == set(RULES)
