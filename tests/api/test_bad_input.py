"""Bad input over HTTP: the right answer as a problem document, nothing stored, nothing told."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from services import jobs
from services.api.app import create_app
from services.api.problems import KINDS
from services.settings import Limits
from tests.api.conftest import Bell
from tests.support.requests import TUTORIAL, changed

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from services.settings import Settings
    from services.store import Store

BODY = json.dumps(TUTORIAL).encode()
JSON = "application/json"


def is_problem(response: TestResponse, status: int, code: str) -> Any:
    """Check everything that all errors have in common and return the document."""
    assert response.content_type == "application/problem+json"
    document = json.loads(response.data, parse_constant=pytest.fail)
    assert (response.status_code, document["status"], document["code"]) == (status, status, code)
    assert document["type"] == f"/problems/{code}"
    assert document["title"] == KINDS[code].title
    assert document["request_id"] == response.headers["X-Request-ID"]
    assert document["detail"]
    for secret in (b"Traceback", b"SELECT", b"INSERT", b".py", b"/work", b"<html", b"sqlalchemy"):
        assert secret not in response.data
    return document


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json_syntax"),
        (b'{"name": "a",}', "json_syntax"),
        (b'{"name": "a"} # why', "json_syntax"),
        (b"{'name': 'a'}", "json_syntax"),
        (BODY + BODY, "json_syntax"),
        (BODY[:-1], "json_syntax"),
        (BODY.replace(b"0.01", b"NaN"), "json_not_finite"),
        (BODY.replace(b"0.01", b"-Infinity"), "json_not_finite"),
        (BODY.replace(b"0.01", b"1e400"), "json_not_finite"),
        (BODY.replace(b'"name"', b'"dataset": {}, "name"'), "json_duplicate_key"),
        (BODY.replace(b'"epochs"', b'"\\u0065pochs": 1, "epochs"'), "json_duplicate_key"),
        (b"[" * 100_000, "json_too_deep"),
        (b'{"dataset":' * 50_000, "json_too_deep"),
        (b"[" + b"{}," * 20_000 + b"{}]", "json_too_complex"),
        (json.dumps(TUTORIAL).encode("utf-16"), "json_not_utf8"),
        ('{"name": "é"}'.encode("latin-1"), "json_not_utf8"),
        (b"\xef\xbb\xbf" + BODY, "json_not_utf8"),
        (b'{"name": "a\\u0000b"}', "json_nul"),
        (b'{"name": "\\ud800"}', "json_lone_surrogate"),
    ],
)
def test_a_body_that_cannot_be_parsed_is_400(quick_client: FlaskClient, body: bytes, code: str) -> None:
    document = is_problem(quick_client.post("/v1/jobs", data=body, content_type=JSON), 400, code)
    if code == "json_syntax":
        assert {"line", "column", "offset"} <= document.keys()
    if code == "json_not_utf8":
        assert "offset" in document
    assert quick_client.get("/v1/jobs").json["data"] == []


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "text/json",
        "json",
    ],
)
def test_another_content_type_is_415(quick_client: FlaskClient, content_type: str) -> None:
    response = quick_client.post("/v1/jobs", data=BODY, content_type=content_type)
    is_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=UTF-8", "Application/JSON"]
)
def test_json_is_json_however_it_is_spelled(quick_client: FlaskClient, content_type: str) -> None:
    assert quick_client.post("/v1/jobs", data=BODY, content_type=content_type).status_code == 202


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x-gzip", "identity, gzip"])
def test_a_compressed_body_is_never_unpacked(quick_client: FlaskClient, encoding: str) -> None:
    response = quick_client.post(
        "/v1/jobs", data=gzip.compress(BODY), content_type=JSON, headers={"Content-Encoding": encoding}
    )
    is_problem(response, 415, "unsupported_encoding")


@pytest.fixture
def narrow_client(sqlite_store: Store, settings: Settings) -> FlaskClient:
    """A client of a service that takes bodies of 2000 bytes and queues 2 jobs."""
    limits = Limits(body_bytes=2000, queued_jobs=2)
    return create_app(sqlite_store, Bell(), replace(settings, limits=limits)).test_client()


def test_a_body_over_the_limit_is_413_and_one_at_the_limit_is_read(narrow_client: FlaskClient) -> None:
    def post(size: int) -> TestResponse:
        return narrow_client.post("/v1/jobs", data=BODY.ljust(size), content_type=JSON)

    assert post(2000).status_code == 202
    is_problem(post(2001), 413, "body_too_large")


@pytest.mark.parametrize(("size", "status"), [(2000, 202), (2001, 413), (1_000_000, 413)])
def test_a_body_that_does_not_say_its_length_is_not_cut_but_refused(
    narrow_client: FlaskClient, size: int, status: int
) -> None:
    stream = io.BytesIO(BODY.ljust(size))
    response = narrow_client.post(
        "/v1/jobs",
        input_stream=stream,
        content_type=JSON,
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == status
    assert stream.tell() <= 2001, "read no further than it takes to know"


def test_a_body_shorter_than_announced_is_not_a_smaller_dataset(quick_client: FlaskClient) -> None:
    response = quick_client.post(
        "/v1/jobs",
        input_stream=io.BytesIO(BODY),
        content_type=JSON,
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(BODY) + 10)},
    )
    is_problem(response, 400, "incomplete_body")


def test_everything_wrong_with_a_job_comes_in_one_answer(quick_client: FlaskClient) -> None:
    body = changed(TUTORIAL, {"/training/epoch": 1, "/training/epochs": "10", "/status": "queued"})
    document = is_problem(quick_client.post("/v1/jobs", json=body), 422, "invalid_input")
    assert document["errors_total"] == 3
    assert sorted((error["pointer"], error["code"]) for error in document["errors"]) == [
        ("/status", "read_only_field"),
        ("/training/epoch", "unknown_field"),
        ("/training/epochs", "type"),
    ]


def test_20_errors_are_listed_and_all_are_counted(quick_client: FlaskClient) -> None:
    body = changed(TUTORIAL, {"/dataset/inputs": [["x"] * 3] * 1000, "/dataset/targets": [0.0] * 1000})
    document = is_problem(quick_client.post("/v1/jobs", json=body), 422, "invalid_input")
    assert len(document["errors"]) == 20
    assert document["errors_total"] == 3000
    assert document["errors"][3] == {
        "pointer": "/dataset/inputs/1/0",
        "code": "type",
        "row": 1,
        "column": 0,
        "detail": "row 1, column 0: must be a number, not a string",
    }


@pytest.mark.parametrize("text", ["x" * 10_000, "<script>alert(1)</script>" * 400])
@pytest.mark.parametrize(
    "changes",
    [
        lambda text: {f"/{text.replace('/', '')}": 1},
        lambda text: {"/name": f"{text}\n"},
        lambda text: {"/training/loss": text},
        lambda text: {"/training/optimizer": {"type": text}},
        lambda text: {"/metadata": {text: "x"}},
        lambda text: {"/dataset": {"id": text}},
        lambda text: {"/dataset/targets": [text, text, 1]},
    ],
)
def test_at_most_64_characters_of_the_input_come_back(
    quick_client: FlaskClient, text: str, changes: Any
) -> None:
    response = quick_client.post("/v1/jobs", json=changed(TUTORIAL, changes(text)))
    is_problem(response, 422, "invalid_input")
    assert text.replace("/", "")[:65].encode() not in response.data.replace(b"~1", b"")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/jobs/0x10",
        "/v1/jobs/-1",
        "/v1/jobs/%00",
        "/v1/jobs/job_%00",
        "/v1/jobs/..%2f",
        "/v1/jobs/..%2f..%2fetc%2fpasswd",
        "/v1/jobs/%ff",
        "/v1/jobs/'%20OR%201=1",
        "/v1/jobs/" + "x" * 65,
        "/v1/jobs/job_1/epochs",
        "/v1/jobs/job_1/loss-curve/",
        "/v1/models/mdl_1",
        "/v1/models/%F0%9F%92%A3/weights",
        "/v1/datasets/ds_1",
        "/v2/jobs",
        "//v1/jobs",
        "/problems/nothing",
        "/docs/../app.py",
        "/assets/swagger-ui.js",
        "/assets/..%2fapp.py",
        "/favicon.ico",
    ],
)  # fmt: skip
def test_an_address_of_nothing_is_404(client: FlaskClient, path: str) -> None:
    is_problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/jobs", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("TRACE", "/v1/jobs", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PROPFIND", "/v1/jobs", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PATCH", "/v1/jobs/job_1", {"GET", "HEAD", "OPTIONS", "DELETE"}),
        ("GET", "/v1/jobs/job_1/cancel", {"OPTIONS", "POST"}),
        ("POST", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_another_method_is_405_with_those_allowed(
    quick_client: FlaskClient, method: str, path: str, allowed: set[str]
) -> None:
    response = quick_client.open(path, method=method)
    is_problem(response, 405, "method_not_allowed")
    assert set(response.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/xml, text/*"])
def test_a_form_that_there_is_not_is_406(quick_client: FlaskClient, accept: str) -> None:
    is_problem(quick_client.get("/v1/jobs", headers={"Accept": accept}), 406, "not_acceptable")
    is_problem(
        quick_client.post("/v1/jobs", json=TUTORIAL, headers={"Accept": accept}), 406, "not_acceptable"
    )
    assert quick_client.get("/v1/jobs").json["data"] == []


@pytest.mark.parametrize("accept", ["*/*", "application/*", "text/html, */*;q=0.1", "", "nonsense, */*"])
def test_whoever_takes_anything_gets_json(quick_client: FlaskClient, accept: str) -> None:
    assert quick_client.get("/v1/jobs", headers={"Accept": accept}).content_type == JSON


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("limit=0", "/limit", "out_of_range"),
        ("limit=101", "/limit", "out_of_range"),
        ("limit=-1", "/limit", "type"),
        ("limit=abc", "/limit", "type"),
        ("limit=1.5", "/limit", "type"),
        ("limit=1e2", "/limit", "type"),
        ("limit=", "/limit", "type"),
        ("limit=٣", "/limit", "type"),
        ("limit=" + "9" * 10_000, "/limit", "type"),
        ("limit=1&limit=2", "/limit", "repeated"),
        ("status=done", "/status", "enum"),
        ("status=", "/status", "enum"),
        ("created_after=yesterday", "/created_after", "type"),
        ("created_after=2026-11-23T14:00:00", "/created_after", "type"),
        ("after=abc", "/after", "invalid_cursor"),
        ("after=MTIzLmpvYl8x%00", "/after", "type"),
        ("after=%ff", "/after", "invalid_cursor"),
        ("after=🦄", "/after", "invalid_cursor"),
        ("name=%00", "/name", "type"),
        ("metadata[k]=%00", "/metadata[k]", "type"),
        ("metadata[%00]=k", "/metadata[\0]", "type"),
        ("metadata=k", "/metadata", "unknown_field"),
        ("Limit=1", "/Limit", "unknown_field"),
        ("limt=1", "/limt", "unknown_field"),
    ],
)
def test_bad_queries_are_422(client: FlaskClient, query: str, pointer: str, code: str) -> None:
    document = is_problem(client.get(f"/v1/jobs?{query}"), 422, "invalid_input")
    assert [(error["pointer"], error["code"]) for error in document["errors"]] == [(pointer, code)]


@pytest.mark.parametrize(
    "query",
    [
        "after_epoch=-1",
        "after_epoch=9999999999999999999999",
        "limit=0",
        "limit=100001",
        "max_points=13",
        "format=xlsx",
        "format=JSON",
        "epoch=1",
    ],
)
def test_bad_queries_of_a_curve_are_422(client: FlaskClient, query: str) -> None:
    is_problem(client.get(f"/v1/jobs/job_1/loss-curve?{query}"), 422, "invalid_input")


@pytest.mark.parametrize("query", ["wait=61", "wait=-1", "wait=1.5", "wait=forever"])
def test_waiting_longer_than_allowed_is_422(quick_client: FlaskClient, query: str) -> None:
    is_problem(quick_client.get(f"/v1/jobs/job_1?{query}"), 422, "invalid_input")


@pytest.mark.parametrize("query", ["dry_run=yes", "dry_run=1", "dry_run=", "dryrun=true"])
def test_a_dry_run_is_not_guessed(quick_client: FlaskClient, query: str) -> None:
    is_problem(quick_client.post(f"/v1/jobs?{query}", json=TUTORIAL), 422, "invalid_input")
    assert quick_client.get("/v1/jobs").json["data"] == []


@pytest.mark.parametrize("text", ["[[0.1]]", '{"inputs": 1e999}', ""])
def test_predictions_are_parsed_as_strictly(quick_client: FlaskClient, text: str) -> None:
    response = quick_client.post("/v1/models/mdl_1/predictions", data=text, content_type=JSON)
    assert response.status_code in (400, 422)


def test_a_full_queue_is_503_and_says_when_to_come_back(narrow_client: FlaskClient) -> None:
    for _ in range(2):
        assert narrow_client.post("/v1/jobs", json=TUTORIAL).status_code == 202
    response = narrow_client.post("/v1/jobs", json=TUTORIAL)
    is_problem(response, 503, "queue_full")
    assert int(response.headers["Retry-After"]) > 0


def test_what_nobody_foresaw_is_500_and_tells_nothing(
    quick_client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("SELECT password FROM /srv/secret.py")

    monkeypatch.setattr(jobs, "get", fail)
    is_problem(quick_client.get("/v1/jobs/job_1"), 500, "internal")
