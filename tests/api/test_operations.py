"""Health, readiness, meta, request ids, headers, documentation."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from services import workers
from services.api.app import create_app
from services.api.operations import operation_of
from services.api.problems import KINDS
from services.schemas.codes import INPUT_CODES
from services.settings import Limits
from services.store import Store
from tests.api.conftest import Bell, submit
from tests.support.requests import CLASSES, SMALLEST, TUTORIAL, changed

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from services.settings import Settings
    from services.store.rows import JobRow


#: A database at which nobody listens.
NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


def test_the_process_is_healthy_whatever_the_rest_does(bell: Bell, settings: Settings) -> None:
    nowhere = Store(NOWHERE, settings)
    client = create_app(nowhere, bell, settings).test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/v1/meta").status_code == 200


def test_the_service_is_ready_when_database_broker_and_a_worker_answer(
    client: FlaskClient, store: Store, bell: Bell
) -> None:
    without_worker = client.get("/readyz")
    assert (without_worker.status_code, without_worker.json["code"]) == (503, "not_ready")
    assert without_worker.json["parts"] == {"database": True, "broker": True, "worker": False}
    assert int(without_worker.headers["Retry-After"]) > 0

    workers.renew(store, "a worker", processes=1, seconds=60)
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "ready")

    bell.is_answered = False
    assert client.get("/readyz").json["parts"] == {"database": True, "broker": False, "worker": True}


def test_without_a_database_everything_that_needs_it_is_503(bell: Bell, settings: Settings) -> None:
    nowhere = Store(NOWHERE, settings)
    client = create_app(nowhere, bell, settings).test_client()
    for response in (
        client.get("/v1/jobs"),
        client.get("/v1/jobs/job_1"),
        client.post("/v1/jobs", json=TUTORIAL),
        client.post("/v1/jobs/job_1/cancel"),
    ):
        assert (response.status_code, response.json["code"]) == (503, "unavailable")
        assert int(response.headers["Retry-After"]) > 0
    assert client.get("/readyz").json["parts"]["database"] is False


def test_meta_shows_every_limit_with_its_value(sqlite_store: Store, bell: Bell, settings: Settings) -> None:
    limits = Limits(epochs=12345)
    client = create_app(sqlite_store, bell, dataclasses.replace(settings, limits=limits)).test_client()
    assert client.get("/v1/meta").json["limits"] == dataclasses.asdict(limits)
    body = changed(TUTORIAL, {"/training/epochs": 12346})
    assert client.post("/v1/jobs", json=body).json["errors"][0]["detail"] == "must be at most 12345"


def test_a_harmless_request_id_is_kept_and_another_replaced(quick_client: FlaskClient) -> None:
    assert (
        quick_client.get("/healthz", headers={"X-Request-ID": "abc-1.2_3"}).headers["X-Request-ID"]
        == "abc-1.2_3"
    )
    for strange in ("", "a b", "x" * 65, "<script>", "é"):
        made = quick_client.get("/healthz", headers={"X-Request-ID": strange}).headers["X-Request-ID"]
        assert made.startswith("req_")


@pytest.mark.parametrize(
    "path", ["/healthz", "/v1/jobs", "/nothing", "/docs", "/openapi.json", "/problems/enum"]
)
def test_every_answer_tells_browsers_to_be_careful(quick_client: FlaskClient, path: str) -> None:
    headers = quick_client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert "https:" not in policy


@pytest.fixture
def document(app: Flask) -> Any:
    return app.test_client().get("/openapi.json").json


def test_the_openapi_document_is_valid(document: Any) -> None:
    validate(document)


def test_every_address_is_in_the_openapi_document(app: Flask, document: Any) -> None:
    """Pages for people are not."""
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/v1") or rule.rule in ("/healthz", "/readyz"):
            assert operation_of(app.view_functions[rule.endpoint]) is not None, rule
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                path = rule.rule.replace("<id:", "{").replace(">", "}")
                assert (method, path) in described


def test_limits_are_in_the_openapi_document(document: Any) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["TrainingRequest"]["properties"]["epochs"]["maximum"] == Limits().epochs
    assert schemas["InlineDataset"]["properties"]["inputs"]["maxItems"] == Limits().rows
    name = schemas["JobRequest"]["properties"]["name"]["anyOf"][0]
    assert (name["minLength"], name["maxLength"]) == (1, Limits().name_length)
    assert "x-limit" not in str(document)


@pytest.mark.parametrize("request_", [TUTORIAL, SMALLEST, CLASSES])
def test_good_requests_fit_their_schema(document: Any, request_: Any) -> None:
    _validator(document, "JobRequest").validate(request_)


@pytest.mark.parametrize("changes", [{"/epochs": 1}, {"/training/epochs": 0}, {"/model/activation": "RELU"}])
def test_bad_requests_do_not_fit_it(document: Any, changes: dict[str, Any]) -> None:
    assert not _validator(document, "JobRequest").is_valid(changed(TUTORIAL, changes))


def test_answers_fit_their_schemas(client: FlaskClient, trained: JobRow, document: Any) -> None:
    job, model = f"/v1/jobs/{trained.id}", f"/v1/models/{trained.model_id}"
    waiting = submit(client, {"/training/validation": {"fraction": 0.4}}).headers["Location"]
    for path, schema in {
        job: "JobDocument",
        waiting: "JobDocument",
        "/v1/jobs": "JobsDocument",
        f"{job}/loss-curve": "CurveDocument",
        f"{waiting}/loss-curve": "CurveDocument",
        f"{job}/weights": "WeightsDocument",
        model: "ModelDocument",
        "/v1/models": "ModelsDocument",
        "/v1/datasets": "DatasetsDocument",
        f"/v1/datasets/{trained.dataset_id}": "DescribedDatasetDocument",
        f"/v1/datasets/{trained.dataset_id}/rows": "RowsDocument",
        f"/v1/datasets/{trained.dataset_id}/content": "DatasetContentDocument",
        "/v1/meta": "MetaDocument",
        "/healthz": "HealthDocument",
        "/readyz": "ProblemDocument",
        "/v1/jobs?limit=0": "ProblemDocument",
    }.items():
        _validator(document, schema).validate(client.get(path).json)
    predicted = client.post(f"{model}/predictions", json={"inputs": [[1, 2, 3]]})
    _validator(document, "PredictionsDocument").validate(predicted.json)
    _validator(document, "DryRunDocument").validate(client.post("/v1/jobs?dry_run=true", json=SMALLEST).json)


def _validator(document: Any, name: str) -> Draft202012Validator:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return Draft202012Validator(schema)


@pytest.mark.parametrize("code", [*KINDS, *INPUT_CODES])
def test_every_code_has_a_page_that_renders(quick_client: FlaskClient, code: str) -> None:
    response = quick_client.get(f"/problems/{code}")
    assert response.content_type == "text/html; charset=utf-8"
    assert "<h1>" in response.text
    assert "<script" not in response.text


def test_the_documentation_needs_nothing_from_elsewhere(quick_client: FlaskClient) -> None:
    page = quick_client.get("/docs").text
    assert "http" not in page.replace("<!doctype html>", "").replace('<html lang="en">', "")
    for path in (
        "/assets/swagger-ui.css",
        "/assets/swagger-ui-bundle.js",
        "/assets/docs.js",
        "/assets/page.css",
    ):
        assert quick_client.get(path).status_code == 200
        assert path in page + quick_client.get("/problems/enum").text
