"""Lists of jobs: filtered first, newest first, complete whatever happens between two pages."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from services import jobs
from services.errors import InvalidInput
from services.jobs import JobFilters
from services.status import Status
from services.store import tables
from tests.support.jobs import a_submission, in_status, submitted

if TYPE_CHECKING:
    from services.store import Store
    from services.store.rows import JobRow

ALL = JobFilters()


def _ids(store: Store, filters: JobFilters = ALL) -> list[str]:
    return [job.id for job in jobs.list_jobs(store, filters, limit=100).rows]


def _pages(store: Store, limit: int, filters: JobFilters = ALL) -> list[list[JobRow]]:
    pages, cursor = [], None
    while True:
        page = jobs.list_jobs(store, filters, limit, cursor)
        pages.append(list(page.rows))
        cursor = page.next_cursor
        assert page.has_more == (cursor is not None)
        if cursor is None:
            return pages


def test_jobs_are_listed_newest_first(store: Store) -> None:
    ids = [submitted(store).id for _ in range(3)]

    page = jobs.list_jobs(store, ALL, limit=10)

    assert [job.id for job in page.rows] == ids[::-1]
    assert page.rows[0] == jobs.get(store, ids[-1])
    assert not page.has_more


def test_an_empty_list_is_one_empty_page(store: Store) -> None:
    assert _pages(store, 10) == [[]]


def test_pages_are_full_and_together_complete(store: Store) -> None:
    ids = [submitted(store).id for _ in range(6)]

    for limit in (1, 2, 3, 6, 7, 8):
        pages = _pages(store, limit)

        assert [job.id for page in pages for job in page] == ids[::-1]
        assert all(len(page) == limit for page in pages[:-1])


def test_jobs_of_one_moment_are_neither_lost_nor_repeated(store: Store) -> None:
    ids = {submitted(store).id for _ in range(5)}
    with store.transaction() as connection:
        connection.execute(update(tables.jobs).values(created_at=1))

    listed = [job.id for page in _pages(store, 2) for job in page]

    assert len(listed) == 5
    assert set(listed) == ids


def test_inserts_and_deletes_between_pages_shift_nothing(store: Store) -> None:
    ids = [submitted(store).id for _ in range(6)]
    first = jobs.list_jobs(store, ALL, limit=2)
    submitted(store)
    for job_id in (ids[5], ids[3]):
        jobs.cancel(store, job_id)
        jobs.delete(store, job_id)

    rest = jobs.list_jobs(store, ALL, limit=10, after=first.next_cursor)

    assert [job.id for job in rest.rows] == [ids[2], ids[1], ids[0]]


def test_a_filter_for_a_status_shows_those_and_no_others(store: Store) -> None:
    expected = {status: [in_status(store, status).id] for status in sorted(Status, key=_queued_last)}

    assert {status: _ids(store, JobFilters(status=status)) for status in Status} == expected


def _queued_last(status: Status) -> bool:
    return status is Status.QUEUED  # or it would be claimed in another's place


def test_filters_for_name_time_and_metadata_all_have_to_match(store: Store) -> None:
    old = submitted(store, name="n", metadata={"customer": "42", "kind": "a"})
    with store.transaction() as connection:
        connection.execute(update(tables.jobs).values(created_at=1))
    new = submitted(store, name="n", metadata={"customer": "42", "kind": "b"})
    other = submitted(store, name="other", metadata={"customer": "4"})

    assert _ids(store, JobFilters(name="n")) == [new.id, old.id]
    assert _ids(store, JobFilters(created_after=1)) == [other.id, new.id]
    assert _ids(store, JobFilters(metadata={"customer": "42"})) == [new.id, old.id]
    assert _ids(store, JobFilters(metadata={"customer": "42", "kind": "b"})) == [new.id]
    assert _ids(store, JobFilters(name="n", created_after=1, metadata={"customer": "42"})) == [new.id]
    assert _ids(store, JobFilters(metadata={"absent": "42"})) == []


def test_any_key_of_metadata_can_be_filtered_for(store: Store) -> None:
    keys = ["a b", "a.b", "a[0]", "$", 'a"b', "a'b", "a\\b", "ä", "%s", ":key", "1", ""]
    ids = {key: submitted(store, metadata={key: "value"}).id for key in keys}

    found = {key: _ids(store, JobFilters(metadata={key: "value"})) for key in keys}

    assert found == {key: [job_id] for key, job_id in ids.items()}


def test_another_owners_jobs_are_not_listed(store: Store) -> None:
    jobs.submit(store, a_submission(), owner="somebody", queue_limit=10)

    assert _ids(store) == []


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


FORGED = [
    "",
    "x",
    "!!!!",
    "é",
    "\x00",
    "a" * 10_000,
    _cursor("1"),
    _cursor("1.2"),
    _cursor("-1.job_0"),
    _cursor("1.job_0 OR 1=1"),
    _cursor("9" * 30 + ".job_0"),
    _cursor("٣.job_0"),
]


def test_a_forged_cursor_is_refused(store: Store) -> None:
    for cursor in FORGED:
        with pytest.raises(InvalidInput) as caught:
            jobs.list_jobs(store, ALL, limit=10, after=cursor)

        assert [problem.code for problem in caught.value.problems] == ["invalid_cursor"]
