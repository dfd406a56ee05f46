"""A worker leaves what it does not understand to one that does, and a format stands for what it stood for."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import pytest
from sqlalchemy import update

from nn.data import Dataset
from nn.numerics import NUMERICS_VERSION
from nn.packing import unpack
from nn.preparation import prepare
from nn.reference import ReferenceTrainer
from nn.spec import Spec
from services import formats, jobs, workers
from services.schemas import resolved
from services.status import Status
from services.store import tables
from tests.support.jobs import a_dataset, claimed, submitted
from tests.support.requests import TUTORIAL, submission

if TYPE_CHECKING:
    from services.store import Store

#: What the format that this code writes stands for, as a digest of `_meaning()`. When that changes, an older
#: worker would not understand the new jobs: raise `services.formats.WRITTEN` and add the new digest.
KNOWN = {1: "7a6afac0d88c7a95dcbf22a549e87a1e0f2fd4d371ee1005a7ca6f27cb21f8cd"}

NEWER = max(formats.UNDERSTOOD) + 1


def _words(kind: Any) -> Any:
    """Spell out a type of the spec: fields, alternatives, words."""
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        fields = {field.name: _words(hints[field.name]) for field in dataclasses.fields(kind)}
        return {"type": getattr(kind, "__name__", ""), **fields}
    if get_args(kind):
        return sorted((_words(argument) for argument in get_args(kind)), key=repr)
    return kind if isinstance(kind, str) else getattr(kind, "__name__", repr(kind))


def _meaning() -> dict[str, Any]:
    """Everything that a worker must understand of a job, beside what any version of ours does."""
    job = submission(TUTORIAL)
    assert isinstance(job.dataset, Dataset)
    spec = resolved.load(job.resolved)
    packed = ReferenceTrainer(spec, prepare(spec, job.dataset, None)).checkpoint()
    facts, arrays = unpack("checkpoint", packed)
    return {
        "arithmetic": NUMERICS_VERSION,
        "spec": _words(Spec),
        "checkpoint": [sorted(facts), sorted(arrays), packed[:8].hex()],
        "dataset": a_dataset(rows=1).to_bytes()[:8].hex(),
    }


def _of_format(store: Store, number: int, **changes: Any) -> str:
    job_id = submitted(store, **changes).id
    with store.transaction() as connection:
        connection.execute(update(tables.jobs).where(tables.jobs.c.id == job_id).values(format=number))
    return job_id


def _claim(store: Store) -> str | None:
    claim = jobs.claim(store, worker="an old worker", lease_seconds=10)
    return None if claim is None else claim.job_id


def test_what_is_written_is_understood() -> None:
    assert formats.WRITTEN in formats.UNDERSTOOD


def test_a_format_stands_for_what_it_stood_for() -> None:
    digest = hashlib.sha256(json.dumps(_meaning(), sort_keys=True).encode()).hexdigest()
    assert KNOWN[formats.WRITTEN] == digest, "raise services.formats.WRITTEN"


def test_a_job_has_the_format_of_the_code_that_took_it(store: Store) -> None:
    job = submitted(store)
    with store.reading() as connection:
        stored = connection.execute(tables.jobs.select().where(tables.jobs.c.id == job.id)).one()
    assert stored.format == formats.WRITTEN


@pytest.mark.parametrize("number", [NEWER, min(formats.UNDERSTOOD) - 1])
def test_a_job_of_a_strange_format_is_passed_over_however_urgent(store: Store, number: int) -> None:
    strange = _of_format(store, number, priority=9)
    own = submitted(store).id

    assert [_claim(store), _claim(store)] == [own, None]

    left = jobs.get(store, strange)
    assert (left.status, left.attempt, left.lost_attempts) == (Status.QUEUED, 0, 0)


def test_a_worker_neither_rings_for_what_it_does_not_understand_nor_takes_it_for_unanswered(
    store: Store,
) -> None:
    """Its dead man's switch would end a worker that is only waiting for its successor."""
    _of_format(store, NEWER)
    with store.transaction() as connection:
        connection.execute(update(tables.jobs).values(queued_at=tables.jobs.c.queued_at - 3600 * 10**6))

    assert jobs.sweep(store, limit=10, ring_again_seconds=5).to_ring == []
    assert workers.longest_wait(store) is None


def test_jobs_that_wait_for_another_version_are_counted(store: Store) -> None:
    submitted(store)
    _of_format(store, NEWER)
    assert jobs.not_understood(store) == 1


def test_any_worker_takes_back_the_job_of_a_lost_one_whatever_its_format(store: Store) -> None:
    """Taking back needs no understanding, and a release may be put back with its jobs running."""
    submitted(store)
    claim = claimed(store)
    with store.transaction() as connection:
        connection.execute(update(tables.jobs).values(lease_expires_at=1, format=NEWER))

    swept = jobs.sweep(store, limit=10, ring_again_seconds=5)

    assert swept.taken_back == [claim.job_id]
    assert _claim(store) is None
