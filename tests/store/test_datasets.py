"""Datasets and models as objects of their own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from nn.data import Dataset
from services import datasets, jobs, models
from services.errors import Damaged, DatasetInUse, InvalidInput, NotFound
from services.status import TERMINAL, Status
from services.store import tables
from tests.support.jobs import AnyModel, a_dataset, a_submission, in_status, submitted

if TYPE_CHECKING:
    from services.store import Store


def test_the_same_content_is_the_same_dataset(store: Store) -> None:
    first = datasets.store_dataset(store, a_dataset(), name="first")
    again = datasets.store_dataset(store, a_dataset(), name="again")
    other = datasets.store_dataset(store, a_dataset(1))

    assert (first.created, again.created, other.created) == (True, False, True)
    assert again.row == first.row == datasets.get(store, first.row.id)
    assert other.row.id != first.row.id


def test_a_dataset_that_came_with_a_job_can_be_given_a_name(store: Store) -> None:
    job = submitted(store)

    stored = datasets.store_dataset(store, a_dataset(), name="mine")

    assert (stored.row.id, stored.created, stored.row.name) == (job.dataset_id, False, "mine")


def test_a_dataset_is_described_and_comes_back_whole(store: Store) -> None:
    content = a_dataset(rows=5)
    labelled = Dataset(content.inputs, content.targets, labels=("no", "yes"))

    row = datasets.store_dataset(store, labelled, name="n").row

    assert (row.name, row.rows, row.inputs, row.targets, row.labels) == ("n", 5, 2, 1, ["no", "yes"])
    assert (row.sha256, row.inline) == (labelled.sha256, False)
    assert datasets.content(store, row.id).sha256 == labelled.sha256


def test_threads_that_store_the_same_content_store_it_once(store: Store) -> None:
    start = threading.Barrier(8)
    created: list[datasets.StoredDataset] = []

    def put() -> None:
        start.wait()
        created.append(datasets.store_dataset(store, a_dataset()))

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({stored.row.id for stored in created}) == 1
    assert sorted(stored.created for stored in created) == [False] * 7 + [True]


def test_a_damaged_dataset_is_not_given_out(store: Store) -> None:
    row = datasets.store_dataset(store, a_dataset()).row
    with store.transaction() as connection:
        connection.execute(update(tables.datasets).values(data=a_dataset(1).to_bytes()))

    with pytest.raises(Damaged):
        datasets.content(store, row.id)


@pytest.mark.parametrize("role", ["dataset", "validation"])
@pytest.mark.parametrize("status", Status)
def test_a_dataset_can_be_deleted_unless_a_job_needs_it(store: Store, status: Status, role: str) -> None:
    row = datasets.store_dataset(store, a_dataset(7)).row
    job = in_status(store, status, **{role: row.id})

    if status in TERMINAL:
        datasets.delete(store, row.id)
        with pytest.raises(NotFound):
            datasets.get(store, row.id)
        assert jobs.get(store, job.id) == job
    else:
        with pytest.raises(DatasetInUse):
            datasets.delete(store, row.id)
        assert datasets.get(store, row.id) == row


def test_a_dataset_is_never_deleted_under_a_job_that_is_being_submitted(store: Store) -> None:
    """The two transactions meet in every order; whichever comes first, the other one sees it."""
    for _ in range(20):
        row = datasets.store_dataset(store, a_dataset()).row
        start = threading.Barrier(2)
        outcome: dict[str, Any] = {}

        def delete(start: threading.Barrier, dataset_id: str, outcome: dict[str, Any]) -> None:
            start.wait()
            try:
                datasets.delete(store, dataset_id)
            except DatasetInUse:
                outcome["kept"] = True

        thread = threading.Thread(target=delete, args=(start, row.id, outcome))
        thread.start()
        start.wait()
        try:
            job = submitted(store, dataset=row.id)
        except InvalidInput:
            thread.join()
            assert "kept" not in outcome
            continue
        thread.join()
        assert outcome == {"kept": True}
        jobs.cancel(store, job.id)
        jobs.delete(store, job.id)


def test_an_inline_dataset_is_never_deleted_under_a_job_that_begins_to_use_it(store: Store) -> None:
    for _ in range(20):
        first = submitted(store)
        jobs.cancel(store, first.id)
        start = threading.Barrier(2)

        def delete(start: threading.Barrier, job_id: str) -> None:
            start.wait()
            jobs.delete(store, job_id)

        thread = threading.Thread(target=delete, args=(start, first.id))
        thread.start()
        start.wait()
        second = submitted(store)
        thread.join()

        assert datasets.content(store, second.dataset_id).sha256 == a_dataset().sha256
        jobs.cancel(store, second.id)
        jobs.delete(store, second.id)


def test_lists_are_the_owners_and_paged_newest_first(store: Store) -> None:
    mine = [datasets.store_dataset(store, a_dataset(seed)).row for seed in range(3)]
    datasets.store_dataset(store, a_dataset(), owner="somebody")

    first = datasets.list_datasets(store, limit=2)
    second = datasets.list_datasets(store, limit=2, after=first.next_cursor)

    assert [*first.rows, *second.rows] == mine[::-1]
    assert (first.has_more, second.has_more) == (True, False)


def test_another_owners_dataset_is_as_unknown_as_none(store: Store) -> None:
    row = datasets.store_dataset(store, a_dataset(), owner="somebody").row

    for act in (datasets.get, datasets.content, datasets.delete):
        for dataset_id in (row.id, "ds_unknown"):
            with pytest.raises(NotFound):
                act(store, dataset_id, "")


def test_an_imported_model_is_kept_listed_and_deleted(store: Store) -> None:
    model: Any = AnyModel()
    row = models.store_model(store, model, name="mine")

    assert models.get(store, row.id) == row
    assert (row.name, row.job_id, row.outputs, row.weights_sha256) == ("mine", None, 1, AnyModel().sha256)
    assert models.list_models(store, limit=10).rows == [row]

    models.delete(store, row.id)

    assert models.list_models(store, limit=10).rows == []
    with pytest.raises(NotFound):
        models.delete(store, row.id)


def test_another_owners_model_is_as_unknown_as_none(store: Store) -> None:
    model: Any = AnyModel()
    row = models.store_model(store, model, owner="somebody")

    for act in (models.get, models.content, models.delete):
        for model_id in (row.id, "mdl_unknown"):
            with pytest.raises(NotFound):
                act(store, model_id, "")


def test_a_dataset_of_megabytes_is_kept(store: Store) -> None:
    large = a_dataset(rows=200_000)

    job = jobs.submit(store, a_submission(dataset=large), queue_limit=10).job

    assert datasets.content(store, job.dataset_id).sha256 == large.sha256
