"""Entity tags, long polls and `Prefer: wait`: nobody asks in vain, nobody waits for nothing."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from services import jobs
from services.api.app import create_app
from services.api.watcher import Watcher
from services.errors import Unavailable
from services.jobs import versions
from tests.api.conftest import Bell, submit, train
from tests.support.waiting import until

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from services.settings import Settings
    from services.store import Store
    from services.store.rows import JobRow

#: Seconds that are long enough for anything that should happen at once, on a busy machine.
SOON = 5.0


def test_a_job_that_has_not_changed_is_304(client: FlaskClient) -> None:
    first = submit(client)
    path, tag = first.headers["Location"], first.headers["ETag"]
    same = client.get(path, headers={"If-None-Match": tag})
    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", tag)
    for match in (f'"x", {tag}', f"W/{tag}", "*"):
        assert client.get(path, headers={"If-None-Match": match}).status_code == 304
    client.post(f"{path}/pause")
    changed = client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_a_long_poll_answers_when_the_job_changes(client: FlaskClient, store: Store) -> None:
    first = submit(client)
    path, tag = first.headers["Location"], first.headers["ETag"]
    with ThreadPoolExecutor() as pool:
        polls = [
            pool.submit(client.application.test_client().get, f"{path}?wait=30", headers=headers)
            for headers in ({"If-None-Match": tag}, {})
        ]
        _someone_waits(client, 2)
        began = time.monotonic()
        jobs.pause(store, first.json["id"])
        answers = [poll.result(timeout=SOON) for poll in polls]
    assert time.monotonic() - began < SOON
    assert [answer.json["status"] for answer in answers] == ["paused", "paused"]


def test_a_long_poll_whose_tag_is_old_answers_at_once(client: FlaskClient) -> None:
    path = submit(client).headers["Location"]
    began = time.monotonic()
    assert client.get(f"{path}?wait=30", headers={"If-None-Match": '"0"'}).status_code == 200
    assert time.monotonic() - began < SOON


def test_a_long_poll_of_a_terminal_job_answers_at_once(client: FlaskClient, trained: JobRow) -> None:
    path = f"/v1/jobs/{trained.id}"
    tag = client.get(path).headers["ETag"]
    began = time.monotonic()
    assert client.get(f"{path}?wait=30", headers={"If-None-Match": tag}).status_code == 304
    assert client.get(f"{path}?wait=30").status_code == 200
    assert time.monotonic() - began < SOON


def test_a_long_poll_in_vain_is_304_when_its_time_is_up(client: FlaskClient) -> None:
    first = submit(client)
    began = time.monotonic()
    poll = client.get(f"{first.headers['Location']}?wait=1", headers={"If-None-Match": first.headers["ETag"]})
    assert poll.status_code == 304
    assert time.monotonic() - began >= 1.0


def test_a_long_poll_of_a_job_that_is_deleted_is_404(client: FlaskClient, store: Store) -> None:
    first = submit(client)
    path = first.headers["Location"]
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(
            client.application.test_client().get,
            f"{path}?wait=30",
            headers={"If-None-Match": first.headers["ETag"]},
        )
        _someone_waits(client, 1)
        with store.transaction() as connection:
            connection.exec_driver_sql("DELETE FROM jobs")
        assert poll.result(timeout=SOON).status_code == 404


def test_prefer_wait_answers_200_when_the_job_is_done(
    client: FlaskClient, store: Store, settings: Settings
) -> None:
    with ThreadPoolExecutor() as pool:
        post = pool.submit(submit, client, headers={"Prefer": "respond-async, wait=30"})
        _someone_waits(client, 1)
        train(store, settings)
        response = post.result(timeout=SOON)
    assert (response.status_code, response.json["status"]) == (200, "succeeded")
    assert response.headers["Preference-Applied"] == "wait=30"


def test_prefer_wait_answers_202_when_the_time_is_up(client: FlaskClient) -> None:
    response = submit(client, headers={"Prefer": "wait=1"})
    assert (response.status_code, response.json["status"]) == (202, "queued")
    assert response.headers["Preference-Applied"] == "wait=1"


@pytest.mark.parametrize("preference", ["wait", "wait=soon", "wait=-1", "respond-async", ""])
def test_a_preference_that_makes_no_sense_is_ignored(quick_client: FlaskClient, preference: str) -> None:
    response = submit(quick_client, headers={"Prefer": preference})
    assert response.status_code == 202
    assert "Preference-Applied" not in response.headers


def test_nobody_waits_for_a_service_that_ends(sqlite_store: Store, settings: Settings) -> None:
    is_stopping = threading.Event()
    app = create_app(sqlite_store, Bell(), settings, is_stopping=is_stopping.is_set)
    first = submit(app.test_client())
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(
            app.test_client().get,
            f"{first.headers['Location']}?wait=60",
            headers={"If-None-Match": first.headers["ETag"]},
        )
        _someone_waits(app.test_client(), 1)
        is_stopping.set()
        assert poll.result(timeout=SOON).status_code == 304


def test_a_watcher_lets_everybody_go_when_the_store_cannot_be_read() -> None:
    def look(_ids: object) -> dict[str, int]:
        raise Unavailable("the database is away")

    began = time.monotonic()
    Watcher(look, lambda: False).wait("job_1", 1, 60.0)
    assert time.monotonic() - began < SOON


def test_a_watchers_thread_ends_with_the_last_waiter(sqlite_store: Store) -> None:
    watcher = Watcher(lambda ids: versions(sqlite_store, ids), lambda: False)
    watcher.wait("job_1", 1, SOON)
    until(lambda: not any(thread.name == "watcher" for thread in threading.enumerate()), "its thread ends")
    watcher.wait("job_1", 1, SOON)


def _someone_waits(client: FlaskClient, count: int) -> None:
    """Return when `count` requests wait for a change."""
    waiters = client.application.extensions["gradqueue"].watcher._waiters
    until(lambda: len(waiters) >= count, "somebody waits")
