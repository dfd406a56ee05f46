"""Submitting: one row per request, whatever is repeated, and nothing when it is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from services import datasets, jobs
from services.errors import CommitUnknown, IdempotencyKeyReused, InvalidInput, QueueFull
from services.jobs import queue_limit
from services.jobs.submitting import submit
from services.store import tables
from tests.support.jobs import a_dataset, a_submission, claimed, submitted

if TYPE_CHECKING:
    from services.store import Store

NO_LIMIT = 1_000_000


def _count(store: Store, table: Any) -> int:
    with store.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def test_a_request_is_kept_to_the_last_bit(store: Store) -> None:
    submission = a_submission(
        resolved={"z": -0.0, "a": 1e-320, "b": 0.1, "c": 2**63, "d": "ü\u2028"},
        metadata={"customer": "42"},
        priority=9,
        max_attempts=100,
        timeout_seconds=2.0,
        validation=a_dataset(1),
    )

    job = submit(store, submission, queue_limit=NO_LIMIT).job

    stored = jobs.get(store, job.id)
    assert repr(stored.spec) == repr(submission.resolved)
    assert isinstance(stored.timeout_seconds, float)
    assert (stored.priority, stored.max_attempts, stored.metadata) == (9, 100, {"customer": "42"})
    assert datasets.content(store, job.dataset_id).sha256 == a_dataset().sha256
    assert datasets.content(store, str(job.validation_dataset_id)).sha256 == a_dataset(1).sha256


def test_the_same_data_is_stored_once_per_owner(store: Store) -> None:
    first, second = submitted(store), submitted(store, validation=a_dataset())
    other = submit(store, a_submission(), owner="somebody else", queue_limit=NO_LIMIT).job

    assert first.dataset_id == second.dataset_id == second.validation_dataset_id
    assert other.dataset_id != first.dataset_id
    assert _count(store, tables.datasets) == 2


def test_a_job_may_use_a_stored_dataset(store: Store) -> None:
    known = datasets.store_dataset(store, a_dataset(7)).row

    job = submitted(store, dataset=known.id)

    assert job.dataset_id == known.id
    assert claimed(store).dataset.sha256 == known.sha256


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"dataset": "ds_unknown"}, "/dataset/id"),
        ({"validation": "ds_unknown"}, "/training/validation/dataset/id"),
    ],
)
def test_an_unknown_dataset_is_refused_and_nothing_is_stored(
    store: Store, changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        submit(store, a_submission(**changes), idempotency_key="key", queue_limit=NO_LIMIT)

    assert [(problem.pointer, problem.code) for problem in caught.value.problems] == [
        (pointer, "unknown_dataset")
    ]
    assert not any(_count(store, table) for table in tables.metadata.sorted_tables)


def test_another_owners_dataset_is_as_unknown_as_none(store: Store) -> None:
    known = datasets.store_dataset(store, a_dataset(), owner="somebody").row

    with pytest.raises(InvalidInput):
        submit(store, a_submission(dataset=known.id), owner="somebody else", queue_limit=NO_LIMIT)


def test_the_queue_has_a_limit(store: Store) -> None:
    submitted(store)
    submitted(store)

    with pytest.raises(QueueFull):
        submit(store, a_submission(), queue_limit=2)

    claimed(store)
    submit(store, a_submission(), queue_limit=2)


def test_the_same_key_and_request_is_the_same_job(store: Store) -> None:
    first = submit(store, a_submission(), idempotency_key="key", queue_limit=1)
    claimed(store)

    again = submit(store, a_submission(), idempotency_key="key", queue_limit=1)

    assert (first.replayed, again.replayed) == (False, True)
    assert again.job == jobs.get(store, first.job.id)
    assert _count(store, tables.jobs) == 1


def test_a_replay_is_answered_even_when_the_queue_is_full(store: Store) -> None:
    first = submit(store, a_submission(), idempotency_key="key", queue_limit=1)

    assert submit(store, a_submission(), idempotency_key="key", queue_limit=1).job == first.job


def test_a_refused_request_does_not_use_up_its_key(store: Store) -> None:
    submitted(store)
    with pytest.raises(QueueFull):
        submit(store, a_submission(), idempotency_key="key", queue_limit=1)

    other = a_submission(request_sha256="another request")
    assert not submit(store, other, idempotency_key="key", queue_limit=2).replayed


def test_the_same_key_with_another_request_is_refused(store: Store) -> None:
    submit(store, a_submission(), idempotency_key="key", queue_limit=NO_LIMIT)

    with pytest.raises(IdempotencyKeyReused):
        submit(store, a_submission(request_sha256="x"), idempotency_key="key", queue_limit=NO_LIMIT)


def test_keys_of_different_owners_have_nothing_to_do_with_each_other(store: Store) -> None:
    first = submit(store, a_submission(), owner="a", idempotency_key="key", queue_limit=NO_LIMIT)
    other = a_submission(request_sha256="x")

    second = submit(store, other, owner="b", idempotency_key="key", queue_limit=NO_LIMIT)

    assert first.job.id != second.job.id


def test_fifty_threads_with_one_key_make_one_job(store: Store) -> None:
    def send(_: int) -> jobs.Submitted:
        return submit(store, a_submission(), idempotency_key="key", queue_limit=NO_LIMIT)

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(send, range(50)))

    assert len({answer.job.id for answer in answers}) == 1
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 49
    assert _count(store, tables.jobs) == _count(store, tables.datasets) == 1


@pytest.mark.parametrize("happened", [True, False])
def test_a_commit_of_unknown_outcome_makes_one_job(
    store: Store, monkeypatch: pytest.MonkeyPatch, happened: bool
) -> None:
    """The reply to COMMIT is cut: the job is there already or it is not, and either way it is there once."""
    cuts = iter([True])
    transaction = store.transaction

    def cut_once(*, durable: bool = True) -> Any:
        return _Cut(transaction(durable=durable), happened) if next(cuts, False) else transaction()

    monkeypatch.setattr(store, "transaction", cut_once)

    answer = submit(store, a_submission(), queue_limit=1)

    assert answer.job == jobs.get(store, answer.job.id)
    assert _count(store, tables.jobs) == 1


class _Cut:
    """A transaction that loses its connection while it commits, before or after the database did it."""

    def __init__(self, transaction: Any, happened: bool) -> None:
        self._transaction, self._happened = transaction, happened

    def __enter__(self) -> Any:
        return self._transaction.__enter__()

    def __exit__(self, *_: object) -> None:
        error = None if self._happened else CommitUnknown("cut")
        try:
            self._transaction.__exit__(type(error) if error else None, error, None)
        finally:
            raise CommitUnknown("cut")


def test_a_queue_far_from_full_is_not_counted_for_every_job(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(store, a_submission(), queue_limit=NO_LIMIT)
    monkeypatch.setattr(queue_limit, "_count", None)  # not called, or this fails

    submit(store, a_submission(), queue_limit=NO_LIMIT)
