"""Jobs over HTTP: submit, look, list, act, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services import jobs
from tests.api.conftest import Bell, submit, train
from tests.support.requests import TUTORIAL, changed

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from services.settings import Settings
    from services.store import Store
    from services.store.rows import JobRow


def test_a_submitted_job_is_stored_before_it_is_promised_and_then_somebody_is_rung(
    client: FlaskClient, store: Store, bell: Bell
) -> None:
    response = submit(client)
    job = response.json
    assert response.status_code == 202
    assert response.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert bell.rung == [job["id"]]
    assert jobs.get(store, job["id"]).name == "tutorial"
    assert client.get(response.headers["Location"]).json == job


def test_a_new_job_tells_everything_about_itself(client: FlaskClient) -> None:
    job = submit(client).json
    dataset_id = job.pop("dataset_id")
    resolved = job.pop("resolved")
    assert resolved["dataset"] == {"id": dataset_id}
    assert resolved["training"]["optimizer"] == {"type": "sgd", "momentum": 0.0, "nesterov": False}
    assert job.pop("created_at").endswith("Z")
    assert len(job.pop("fingerprint")) == 64
    base = f"/v1/jobs/{job.pop('id')}"
    assert job == {
        "object": "job",
        "name": "tutorial",
        "status": "queued",
        "is_terminal": False,
        "started_at": None,
        "finished_at": None,
        "attempt": 0,
        "progress": {
            "epoch": 0,
            "epochs": 50,
            "fraction": 0.0,
            "epochs_per_second": None,
            "eta_seconds": None,
        },
        "latest": None,
        "best": None,
        "durations": {"queued_seconds": 0.0, "running_seconds": 0.0},
        "stop_reason": None,
        "error": None,
        "weights_sha256": None,
        "trainer": None,
        "model_id": None,
        "metadata": {"customer": "42"},
        "links": {
            "self": base,
            "loss_curve": f"{base}/loss-curve",
            "weights": f"{base}/weights",
            "cancel": f"{base}/cancel",
        },
    }


def test_a_trained_job_shows_its_result(client: FlaskClient, trained: JobRow) -> None:
    job = client.get(f"/v1/jobs/{trained.id}").json
    assert (job["status"], job["is_terminal"], job["attempt"]) == ("succeeded", True, 1)
    assert job["stop_reason"] == "max_epochs"
    assert job["progress"]["fraction"] == 1.0
    assert job["progress"]["eta_seconds"] is None
    assert job["latest"].keys() == {"train_loss", "r2"}
    assert job["best"]["epoch"] <= 50
    assert job["links"]["model"] == f"/v1/models/{job['model_id']}"
    assert "cancel" not in job["links"]


def test_a_training_that_diverges_fails_and_shows_no_nan(
    client: FlaskClient, store: Store, settings: Settings
) -> None:
    submit(client, {"/training/learning_rate": 1e200})
    job = train(store, settings)
    response = client.get(f"/v1/jobs/{job.id}")
    assert response.json["status"] == "failed"
    assert response.json["error"]["code"] == "diverged"
    curve = client.get(f"/v1/jobs/{job.id}/loss-curve")
    assert len(curve.json["epochs"]) == job.epoch
    assert b"NaN" not in response.data + curve.data


def test_the_resolved_document_sent_again_is_the_same_training(client: FlaskClient) -> None:
    validation = {"dataset": {"inputs": [[0.1, 0.2, 0.3]], "targets": [1.0]}}
    first = submit(client, {"/training/validation": validation}).json
    second = client.post("/v1/jobs", json=first["resolved"]).json
    assert second["fingerprint"] == first["fingerprint"]
    assert second["resolved"] == first["resolved"]


def test_a_dataset_that_came_with_a_job_can_be_used_again_and_looked_at(client: FlaskClient) -> None:
    dataset_id = submit(client).json["dataset_id"]
    assert submit(client, {"/dataset": {"id": dataset_id}}).json["dataset_id"] == dataset_id
    dataset = client.get(f"/v1/datasets/{dataset_id}").json
    assert (dataset["rows"], dataset["inputs"], dataset["targets"]) == (3, 3, 1)


def test_a_dry_run_shows_what_would_be_done_and_stores_nothing(client: FlaskClient, bell: Bell) -> None:
    response = client.post("/v1/jobs?dry_run=true", json=changed(TUTORIAL, {"/training/epochs": 70}))
    assert response.status_code == 200
    assert response.json["resolved"]["training"]["epochs"] == 70
    assert response.json["dataset"]["rows"] == 3
    assert response.json["estimate"] == {
        "inputs": 3,
        "outputs": 1,
        "parameters": 28,
        "epochs": 70,
        "multiply_adds": 70 * 3 * 28,
    }
    assert client.get("/v1/jobs").json["data"] == []
    assert bell.rung == []


def test_a_dry_run_has_the_fingerprint_of_the_real_one(client: FlaskClient) -> None:
    dry = client.post("/v1/jobs?dry_run=true", json=TUTORIAL).json
    assert dry["fingerprint"] == submit(client).json["fingerprint"]


def test_the_same_idempotency_key_and_request_are_the_same_job(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "7f9c"}
    first, again = submit(client, headers=key), submit(client, headers=key)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert len(client.get("/v1/jobs").json["data"]) == 1


def test_the_same_idempotency_key_with_another_request_is_refused(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "7f9c"}
    submit(client, headers=key)
    response = client.post("/v1/jobs", json=changed(TUTORIAL, {"/training/seed": 1}), headers=key)
    assert (response.status_code, response.json["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256, "a\tb"])
def test_an_idempotency_key_is_visible_ascii(quick_client: FlaskClient, key: str) -> None:
    response = quick_client.post("/v1/jobs", json=TUTORIAL, headers={"Idempotency-Key": key})
    assert response.status_code == 422
    assert response.json["errors"][0]["code"] == "header"


def test_a_list_is_paged_newest_first_and_filtered_before(client: FlaskClient) -> None:
    ids = [submit(client, {"/name": name, "/metadata": {"k": name}}).json["id"] for name in "abcab"]
    first = client.get("/v1/jobs?limit=3").json
    assert [job["id"] for job in first["data"]] == ids[:1:-1]
    assert first["has_more"]
    rest = client.get(f"/v1/jobs?limit=3&after={first['next_cursor']}").json
    assert [job["id"] for job in rest["data"]] == ids[1::-1]
    assert (rest["has_more"], rest["next_cursor"]) == (False, None)

    def found(query: str) -> list[str]:
        return [job["id"] for job in client.get(f"/v1/jobs?{query}").json["data"]]

    assert found("name=b") == [ids[4], ids[1]]
    assert found("metadata[k]=c") == [ids[2]]
    assert found("name=b&metadata[k]=a") == []
    assert found("status=queued&limit=1") == [ids[4]]
    assert found("status=running") == []
    assert found("created_after=2020-01-01T00:00:00Z") == ids[::-1]
    assert found("created_after=2100-01-01T00:00:00%2B01:00") == []


def test_cancel_pause_and_resume_answer_with_the_job(client: FlaskClient, bell: Bell) -> None:
    path = submit(client).headers["Location"]
    for action, status in [
        ("pause", "paused"),
        ("pause", "paused"),
        ("resume", "queued"),
        ("resume", "queued"),
        ("cancel", "cancelled"),
        ("cancel", "cancelled"),
    ]:
        response = client.post(f"{path}/{action}")
        assert (response.status_code, response.json["status"]) == (200, status)
    assert len(bell.rung) == 3, "a resumed job is rung for"


def test_an_action_that_does_not_fit_the_status_says_which_would(client: FlaskClient) -> None:
    path = submit(client).headers["Location"]
    client.post(f"{path}/cancel")
    response = client.post(f"{path}/resume")
    assert (response.status_code, response.json["code"]) == (409, "invalid_status")
    assert response.json["allowed"] == ["paused"]


def test_only_a_terminal_job_can_be_deleted(client: FlaskClient) -> None:
    path = submit(client).headers["Location"]
    assert client.delete(path).status_code == 409
    client.post(f"{path}/cancel")
    deleted = client.delete(path)
    assert (deleted.status_code, deleted.data, deleted.content_type) == (204, b"", None)
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "'; DROP TABLE jobs; --", '=HYPERLINK("x")', "💣 名前"]
)
def test_hostile_names_come_back_as_they_were_and_as_json(client: FlaskClient, name: str) -> None:
    response = submit(client, {"/name": name, "/metadata": {name: name}})
    assert response.json["name"] == name
    assert response.json["metadata"] == {name: name}
    assert client.get("/v1/jobs", query_string={"name": name}).json["data"] == [response.json]
    assert client.get("/v1/jobs", query_string={f"metadata[{name}]": name}).json["data"] == [response.json]
    assert response.content_type == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
