"""The event stream of a job, as far as one process shows it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from services import jobs
from services.api import events
from services.api.app import create_app
from services.settings import Limits
from tests.api.conftest import Bell, submit, train
from tests.api.test_bad_input import is_problem
from tests.support.jobs import claimed, flush
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from services.api.service import Service
    from services.settings import Settings
    from services.store import Store
    from services.store.rows import JobRow


def heard(body: str) -> list[tuple[str, str, Any]]:
    """Return id, name and data of every event."""
    blocks = [block.split("\n") for block in body.split("\n\n") if block.startswith("id: ")]
    return [
        (id_.removeprefix("id: "), name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for id_, name, data in blocks
    ]


def test_a_job_that_is_done_is_told_whole_and_the_stream_closes(client: FlaskClient, trained: JobRow) -> None:
    response = client.get(f"/v1/jobs/{trained.id}/events")
    assert response.content_type == "text/event-stream; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    told = heard(response.text)
    assert [name for _, name, _ in told] == ["epochs", "status", "end"]
    curve = client.get(f"/v1/jobs/{trained.id}/loss-curve").json
    assert told[0][2] == {name: curve[name] for name in ("epochs", "train_loss", "r2")}
    assert told[2][2] == client.get(f"/v1/jobs/{trained.id}").json
    assert response.text.startswith("retry: ")


def test_whoever_comes_again_gets_the_rest_and_then_nothing(client: FlaskClient, trained: JobRow) -> None:
    at = f"/v1/jobs/{trained.id}/events"
    whole = heard(client.get(at).text)
    for number, (id_, _, _) in enumerate(whole[:-1], 1):
        assert heard(client.get(at, headers={"Last-Event-ID": id_}).text) == whole[number:]
    last = client.get(at, headers={"Last-Event-ID": whole[-1][0]})
    assert (last.status_code, last.data) == (204, b"")


def test_a_job_cancelled_before_it_began_has_a_status_and_an_end(client: FlaskClient) -> None:
    at = submit(client).headers["Location"]
    client.post(f"{at}/cancel")
    told = heard(client.get(f"{at}/events").text)
    assert [(name, data["status"]) for _, name, data in told] == [
        ("status", "cancelled"),
        ("end", "cancelled"),
    ]


@pytest.mark.parametrize("id_", ["", "x", "1.1.done", "-1.0.queued"])
def test_an_id_that_is_none_of_ours_is_422(quick_client: FlaskClient, id_: str) -> None:
    at = submit(quick_client).headers["Location"]
    response = quick_client.get(f"{at}/events", headers={"Last-Event-ID": id_})
    (error,) = is_problem(response, 422, "invalid_input")["errors"]
    assert (error["pointer"], error["code"]) == ("/Last-Event-ID", "header")


def test_no_job_is_404_and_no_event_stream_is_406(quick_client: FlaskClient) -> None:
    is_problem(quick_client.get("/v1/jobs/job_1/events"), 404, "not_found")
    at = submit(quick_client).headers["Location"]
    response = quick_client.get(f"{at}/events", headers={"Accept": "application/json"})
    is_problem(response, 406, "not_acceptable")


@pytest.fixture
def narrow_app(sqlite_store: Store, settings: Settings) -> Flask:
    """An application with room for two streams of at most one second."""
    limits = Limits(streams=2, stream_seconds=1)
    return create_app(sqlite_store, Bell(), replace(settings, limits=limits))


def _service(app: Flask) -> Service:
    found: Service = app.extensions["gradqueue"]
    return found


def test_a_full_house_is_503_until_somebody_goes(narrow_app: Flask) -> None:
    client = narrow_app.test_client()
    at = f"{submit(client).headers['Location']}/events"
    streams = [client.get(at, buffered=False) for _ in range(2)]

    response = client.get(at)
    is_problem(response, 503, "too_many_streams")
    assert int(response.headers["Retry-After"]) > 0

    streams[0].close()
    assert _service(narrow_app).streams.open == 1
    streams[0].close()
    assert _service(narrow_app).streams.open == 1, "a place is given back once"
    third = client.get(at, buffered=False)
    assert third.status_code == 200
    for stream in (streams[1], third):
        stream.close()
    assert _service(narrow_app).streams.open == 0


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_no_place_is_kept_by_a_request_that_is_over(
    narrow_app: Flask, sqlite_store: Store, settings: Settings, method: str
) -> None:
    client = narrow_app.test_client()
    at = f"{submit(client).headers['Location']}/events"
    train(sqlite_store, settings)
    for _ in range(5):
        with client.open(at, method=method, buffered=False) as response:
            assert response.status_code == 200
    assert _service(narrow_app).streams.open == 0


def test_an_eighth_of_the_threads_is_left_to_others(sqlite_store: Store, settings: Settings) -> None:
    app = create_app(sqlite_store, Bell(), replace(settings, api_threads=3))
    client = app.test_client()
    at = f"{submit(client).headers['Location']}/events"
    streams = [client.get(at, buffered=False) for _ in range(3)]
    assert [stream.status_code for stream in streams] == [200, 200, 503], "and at least one"
    for stream in streams:
        stream.close()
    app = create_app(sqlite_store, Bell(), replace(settings, api_threads=16))
    client = app.test_client()
    streams = [client.get(at, buffered=False) for _ in range(15)]
    assert [stream.status_code for stream in streams] == [200] * 14 + [503]
    for stream in streams:
        stream.close()


def test_a_stream_ends_after_its_time_and_goes_on_in_the_next(narrow_app: Flask, sqlite_store: Store) -> None:
    client = narrow_app.test_client()
    at = f"{submit(client).headers['Location']}/events"
    first = heard(client.get(at, buffered=True).text)
    assert [(name, data["status"]) for _, name, data in first] == [("status", "queued")]

    claim = claimed(sqlite_store)
    flush(sqlite_store, claim, 1, 20)
    second = heard(client.get(at, headers={"Last-Event-ID": first[-1][0]}, buffered=True).text)
    assert [name for _, name, _ in second] == ["status", "epochs"]
    flush(sqlite_store, claim, 21, 30)
    third = heard(client.get(at, headers={"Last-Event-ID": second[-1][0]}, buffered=True).text)
    assert [data["epochs"] for _, _, data in third] == [list(range(21, 31))]


@pytest.fixture
def stream(app: Flask, store: Store) -> Iterator[tuple[Iterator[bytes], JobRow]]:
    """What a reader of a queued job gets, one piece at a time, and the job."""
    client = app.test_client()
    submit(client)
    job = jobs.list_jobs(store, jobs.JobFilters(), 1).rows[0]
    response = client.get(f"/v1/jobs/{job.id}/events", buffered=False)
    yield response.iter_encoded(), job
    response.close()


def test_changes_come_while_the_stream_is_open(
    stream: tuple[Iterator[bytes], JobRow], store: Store, settings: Settings
) -> None:
    pieces, job = stream
    assert b"retry" in next(pieces)
    assert b"event: status" in next(pieces)
    claim = claimed(store)
    flush(store, claim, 1, 3)
    told = heard((next(pieces) + next(pieces)).decode())
    assert [name for _, name, _ in told] == ["status", "epochs"]
    assert told[1][2]["epochs"] == [1, 2, 3]
    jobs.cancel(store, job.id)
    told = heard(b"".join(pieces).decode())
    assert [(name, data["status"]) for _, name, data in told] == [
        ("status", "cancelled"),
        ("end", "cancelled"),
    ]


def test_silence_is_broken_by_comments(
    stream: tuple[Iterator[bytes], JobRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_COMMENT_SECONDS", 0.3)
    pieces, _ = stream
    got = [next(pieces) for _ in range(4)]
    assert [piece.startswith(b":") for piece in got] == [False, False, True, True]


def test_a_job_that_is_deleted_ends_its_streams(
    stream: tuple[Iterator[bytes], JobRow], store: Store, settings: Settings
) -> None:
    pieces, _ = stream
    next(pieces)
    next(pieces)
    with store.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM jobs")
    assert list(pieces) == []


def test_a_service_that_ends_ends_its_streams(sqlite_store: Store, settings: Settings) -> None:
    is_stopping = False
    app = create_app(sqlite_store, Bell(), settings, is_stopping=lambda: is_stopping)
    client = app.test_client()
    at = f"{submit(client).headers['Location']}/events"
    response = client.get(at, buffered=False)
    pieces = response.iter_encoded()
    next(pieces)
    next(pieces)
    is_stopping = True
    assert list(pieces) == []
    response.close()
    until(lambda: _service(app).streams.open == 0, "its place is free")
