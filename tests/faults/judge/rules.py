"""The invariants as rules: each yields the id of a job and what is wrong with it.

The statuses and their arrows are written out here once more, on purpose: the service makes its guards,
triggers and docs from one table, and a mistake in that table must not be able to hide itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.faults.judge.evidence import Undisturbed
from tests.faults.judge.history import Answer, CurveSeen, Digest, EventSeen, JobDeleted, JobSeen

if TYPE_CHECKING:
    from tests.faults.judge.audit import Note
    from tests.faults.judge.evidence import Chunk, Evidence

Found = Iterator[tuple[str, str]]
Expected = Mapping[str, Undisturbed]

TERMINAL = {"succeeded", "failed", "cancelled"}
ARROWS = {
    "queued": {"running", "cancelled", "paused"},
    "running": {"running", "queued", "paused", "succeeded", "failed", "cancelled"},
    "paused": {"queued", "cancelled"},
}

#: Seconds within which every request is answered, whatever is broken, on a machine that is busy with tests.
ANSWER_SECONDS = 10.0


def no_job_is_lost(evidence: Evidence, _: Expected) -> Found:
    deleted = {seen.job_id for seen in evidence.history if isinstance(seen, JobDeleted)}
    for job_id in {seen.job_id for seen in evidence.history if isinstance(seen, JobSeen)}:
        if job_id not in evidence.jobs and job_id not in deleted:
            yield job_id, "a client saw it, and the store does not have it"


def one_terminal_status(evidence: Evidence, _: Expected) -> Found:
    for job_id, notes in _notes_by_job(evidence).items():
        for before, after in pairwise(note for note in notes if note.what in ("new", "job")):
            if before.status in TERMINAL:
                yield job_id, f"was changed after it was {before.status}"
            elif after.status != before.status and after.status not in ARROWS[before.status]:
                yield job_id, f"went from {before.status} to {after.status}"
    for job_id, job in evidence.jobs.items():
        if (job.status == "succeeded") != (job.model_id is not None) or (
            job.model_id is not None and evidence.models.get(job.model_id) != job.weights_sha256
        ):
            yield job_id, f"is {job.status} with model {job.model_id}"


def what_was_terminal_stays_so(evidence: Evidence, _: Expected) -> Found:
    for seen in evidence.history:
        if isinstance(seen, JobSeen) and seen.status in TERMINAL and seen.job_id in evidence.jobs:
            job = evidence.jobs[seen.job_id]
            if (job.status, job.weights_sha256) != (seen.status, seen.weights_sha256):
                yield seen.job_id, f"was shown as {seen.status}, and is {job.status} now"


def curves_have_no_gap(evidence: Evidence, _: Expected) -> Found:
    for job_id, job in evidence.jobs.items():
        last = 0
        for chunk in evidence.chunks.get(job_id, ()):
            if chunk.first_epoch != last + 1:
                yield job_id, f"epoch {chunk.first_epoch} is stored after epoch {last}"
            last = chunk.first_epoch + chunk.epochs - 1
        if last != job.epoch:
            yield job_id, f"is at epoch {job.epoch}, with a curve up to {last}"


def later_reads_extend_earlier_ones(evidence: Evidence, _: Expected) -> Found:
    stored = {job_id: _curve(evidence.chunks.get(job_id, ())) for job_id in evidence.jobs}
    for seen in evidence.history:
        if not isinstance(seen, CurveSeen) or seen.job_id not in stored:
            continue
        first = seen.first_epoch - 1
        for name, digest in seen.metrics.items():
            doubles = stored[seen.job_id].get(name, b"")[8 * first : 8 * (first + digest.count)]
            if Digest.of(doubles) != digest:
                yield seen.job_id, f"a client saw another {name} than the one stored"


def bits_are_those_of_an_undisturbed_job(evidence: Evidence, undisturbed: Expected) -> Found:
    for job_id, right in undisturbed.items():
        if (job := evidence.jobs.get(job_id)) is None:
            continue
        for name, values in _curve(evidence.chunks.get(job_id, ())).items():
            if not right.metrics.get(name, b"").startswith(values):
                yield job_id, f"its {name} is not that of an undisturbed job"
        if job.status == "succeeded" and (job.epoch, job.weights_sha256) != (
            right.epochs,
            right.weights_sha256,
        ):
            yield job_id, f"its weights after epoch {job.epoch} are not those of an undisturbed job"


def only_the_newest_attempt_writes(evidence: Evidence, _: Expected) -> Found:
    for job_id, notes in _notes_by_job(evidence).items():
        status, attempt = "", 0
        for note in notes:
            if note.what in ("chunk", "checkpoint"):
                if (status, note.attempt) != ("running", attempt):
                    yield job_id, f"attempt {note.attempt} wrote a {note.what} in {status} attempt {attempt}"
                continue
            began = status == "queued" and note.status == "running"
            if note.attempt != attempt + began:
                yield job_id, f"attempt {attempt} became {note.attempt} ({status} -> {note.status})"
            status, attempt = note.status, note.attempt


def only_lost_attempts_count(evidence: Evidence, _: Expected) -> Found:
    for job_id, notes in _notes_by_job(evidence).items():
        for before, after in pairwise(note for note in notes if note.what in ("new", "job")):
            lost = after.lost_attempts - before.lost_attempts
            if lost not in (0, 1) or (lost and (before.status, after.status) not in _LOSSES):
                yield job_id, f"{lost} attempts were lost from {before.status} to {after.status}"
    for job_id, job in evidence.jobs.items():
        if job.lost_attempts > job.max_attempts:
            yield job_id, f"lost {job.lost_attempts} of {job.max_attempts} attempts"


_LOSSES = {("running", "queued"), ("running", "failed")}


def cancelled_stays_cancelled(evidence: Evidence, _: Expected) -> Found:
    for job_id in {s.job_id for s in evidence.history if isinstance(s, JobSeen) and s.status == "cancelled"}:
        if job_id in evidence.jobs and evidence.jobs[job_id].status != "cancelled":
            yield job_id, f"was reported cancelled and is {evidence.jobs[job_id].status}"
    for job_id, notes in _notes_by_job(evidence).items():
        cancelled = next((note.number for note in notes if note.status == "cancelled"), None)
        later = [
            note
            for note in notes
            if cancelled is not None and note.number > cancelled and note.what != "gone"
        ]
        if later:
            yield job_id, f"{later[0].what} of attempt {later[0].attempt} came after it was cancelled"


def one_key_one_job(evidence: Evidence, _: Expected) -> Found:
    by_key: dict[str, set[str]] = defaultdict(set)
    for seen in evidence.history:
        if isinstance(seen, JobSeen) and seen.key is not None:
            by_key[seen.key].add(seen.job_id)
    for key, ids in by_key.items():
        if len(ids) > 1:
            yield min(ids), f"one of {len(ids)} jobs that came from the idempotency key {key}"


def nothing_is_left_over(evidence: Evidence, _: Expected) -> Found:
    for job_id, job in evidence.jobs.items():
        if job.status in ("queued", "running"):
            yield job_id, f"is still {job.status}"


def faults_show_as_503(evidence: Evidence, _: Expected) -> Found:
    for answer in evidence.history:
        if not isinstance(answer, Answer):
            continue
        if answer.seconds > ANSWER_SECONDS:
            yield answer.request, f"took {answer.seconds:.1f} s"
        if answer.http_status >= 400 and answer.content_type != "application/problem+json":
            yield answer.request, f"{answer.http_status} came as {answer.content_type or 'nothing'}"
        if answer.http_status >= 500 and (answer.http_status != 503 or not answer.retry_after):
            yield answer.request, f"{answer.http_status} with Retry-After {answer.retry_after!r}"


def streams_have_no_gap_and_no_repeat(evidence: Evidence, _: Expected) -> Found:
    last: dict[str, int] = defaultdict(int)
    ended: set[str] = set()
    for seen in evidence.history:
        if not isinstance(seen, EventSeen):
            continue
        if seen.reader in ended:
            yield seen.job_id, f"reader {seen.reader} was told more after the end"
        elif seen.is_end:
            ended.add(seen.reader)
            if last[seen.reader] != seen.last:
                yield seen.job_id, f"a stream ended after epoch {last[seen.reader]} of {seen.last}"
        else:
            if seen.first != last[seen.reader] + 1:
                yield seen.job_id, f"epoch {seen.first} came after epoch {last[seen.reader]} in a stream"
            last[seen.reader] = seen.last


def _notes_by_job(evidence: Evidence) -> dict[str, list[Note]]:
    by_job: dict[str, list[Note]] = defaultdict(list)
    for note in evidence.notes:
        by_job[note.job_id].append(note)
    return by_job


def _curve(chunks: list[Chunk] | tuple[Chunk, ...]) -> dict[str, bytes]:
    """Join the chunks of a job, metric by metric."""
    joined: dict[str, bytes] = defaultdict(bytes)
    for chunk in chunks:
        for name, values in chunk.metrics.items():
            joined[name] += values
    return joined
