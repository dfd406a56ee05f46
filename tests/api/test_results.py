"""Curves, weights, models and predictions over HTTP."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from services import jobs
from tests.api.conftest import submit, train
from tests.support.requests import CLASSES

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from services.settings import Settings
    from services.store import Store
    from services.store.rows import JobRow


def test_the_loss_curve_has_every_epoch_to_the_last_bit(
    client: FlaskClient, store: Store, trained: JobRow
) -> None:
    stored = jobs.loss_curve(store, trained.id).metrics["train_loss"]
    document = client.get(f"/v1/jobs/{trained.id}/loss-curve").json
    assert document["epochs"] == list(range(1, 51))
    assert document["train_loss"] == stored.tolist()
    assert (document["next_after_epoch"], document["has_more"]) == (50, False)


def test_the_loss_curve_in_pages_is_the_whole(client: FlaskClient, trained: JobRow) -> None:
    path, after, epochs = f"/v1/jobs/{trained.id}/loss-curve", 0, []
    while True:
        page = client.get(f"{path}?limit=20&after_epoch={after}").json
        epochs += page["epochs"]
        after = page["next_after_epoch"]
        if not page["has_more"]:
            break
    assert epochs == list(range(1, 51))
    assert client.get(f"{path}?after_epoch=50").json["epochs"] == []


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("json", "application/json"),
        ("csv", "text/csv; charset=utf-8"),
        ("ndjson", "application/x-ndjson"),
        ("svg", "image/svg+xml"),
        ("png", "image/png"),
    ],
)
def test_the_loss_curve_has_the_form_of_the_query_or_of_accept(
    client: FlaskClient, trained: JobRow, form: str, media_type: str
) -> None:
    path = f"/v1/jobs/{trained.id}/loss-curve"
    by_query = client.get(f"{path}?format={form}", headers={"Accept": "application/json, */*"})
    by_header = client.get(path, headers={"Accept": f"text/html;q=0.1, {media_type.split(';')[0]}"})
    assert by_query.content_type == by_header.content_type == media_type
    assert by_query.data == by_header.data


def test_csv_and_lines_say_what_json_says(client: FlaskClient, trained: JobRow) -> None:
    path = f"/v1/jobs/{trained.id}/loss-curve"
    document = client.get(path).json
    header, *lines = client.get(f"{path}?format=csv").text.splitlines()
    assert header == "epoch,train_loss,r2"
    assert [float(line.split(",")[1]) for line in lines] == document["train_loss"]
    objects = [json.loads(line) for line in client.get(f"{path}?format=ndjson").text.splitlines()]
    assert [line["r2"] for line in objects] == document["r2"]


def test_max_points_thins_but_keeps_the_ends(client: FlaskClient, trained: JobRow) -> None:
    document = client.get(f"/v1/jobs/{trained.id}/loss-curve?max_points=14").json
    assert len(document["epochs"]) <= 14
    assert document["epochs"][0] == 1
    assert document["epochs"][-1] == document["next_after_epoch"] == 50


def test_pictures_show_the_whole_curve_even_before_its_first_epoch(
    client: FlaskClient, trained: JobRow
) -> None:
    waiting = submit(client, {"/training/seed": 1, "/name": "名前 $x$ <b>"}).json["id"]
    for job_id in (trained.id, waiting):
        png = client.get(f"/v1/jobs/{job_id}/loss-curve?format=png")
        assert Image.open(io.BytesIO(png.data)).size == (800, 450)
        svg = client.get(f"/v1/jobs/{job_id}/loss-curve?format=svg")
        assert b"<svg" in svg.data
        assert "script-src" not in svg.headers["Content-Security-Policy"]
        assert "default-src 'none'" in svg.headers["Content-Security-Policy"]


def test_before_the_first_checkpoint_there_is_an_empty_curve_and_there_are_no_weights(
    client: FlaskClient,
) -> None:
    path = submit(client).headers["Location"]
    assert client.get(f"{path}/loss-curve").json["epochs"] == []
    response = client.get(f"{path}/weights")
    assert (response.status_code, response.json["code"]) == (409, "no_weights")


def test_weights_have_their_digest_as_tag(client: FlaskClient, trained: JobRow) -> None:
    path = f"/v1/jobs/{trained.id}/weights"
    response = client.get(path)
    assert response.headers["ETag"] == f'"{trained.weights_sha256}"'
    assert response.json["weights_sha256"] == trained.weights_sha256
    assert client.get(path, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    by_model = client.get(f"/v1/models/{trained.model_id}/weights")
    assert by_model.data == response.data
    assert by_model.headers["ETag"] == response.headers["ETag"]


def test_only_kept_epochs_have_weights(client: FlaskClient, trained: JobRow) -> None:
    path = f"/v1/jobs/{trained.id}/weights"
    assert client.get(f"{path}?epoch=50").status_code == 200
    assert client.get(f"{path}?epoch=7").json["code"] == "no_weights"


def test_a_model_is_listed_shown_used_and_deleted(client: FlaskClient, trained: JobRow) -> None:
    path = f"/v1/models/{trained.model_id}"
    model = client.get(path).json
    assert (model["job_id"], model["problem"], model["inputs"], model["outputs"]) == (
        trained.id,
        "regression",
        3,
        1,
    )
    assert client.get("/v1/models").json == {"data": [model], "has_more": False, "next_cursor": None}
    assert client.delete(path).status_code == 204
    for gone in (client.get(path), client.get(f"{path}/weights"), client.delete(path)):
        assert (gone.status_code, gone.json["code"]) == (404, "not_found")
    assert client.get(f"/v1/jobs/{trained.id}/weights").json["code"] == "no_weights"


def test_predictions_are_the_models_to_the_last_bit(
    client: FlaskClient, store: Store, trained: JobRow
) -> None:
    inputs = [[0.5, 0.5, 0.7], [0.4, -0.1, 0.5]]
    response = client.post(f"/v1/models/{trained.model_id}/predictions", json={"inputs": inputs})
    model = jobs.weights(store, trained.id)
    assert response.json["predictions"] == model.predict(np.array(inputs))[:, 0].tolist()


def test_classes_are_predicted_by_their_labels(client: FlaskClient, store: Store, settings: Settings) -> None:
    assert client.post("/v1/jobs", json=CLASSES).status_code == 202
    model_id = train(store, settings).model_id
    body = {"inputs": CLASSES["dataset"]["inputs"]}
    document = client.post(f"/v1/models/{model_id}/predictions", json=body).json
    assert document["labels"] == ["cat", "cow", "dog"]
    assert set(document["predictions"]) <= set(document["labels"])
    assert [sum(row) for row in document["probabilities"]] == pytest.approx([1.0] * 4)


def test_rows_that_do_not_fit_the_model_are_pointed_to(client: FlaskClient, trained: JobRow) -> None:
    response = client.post(f"/v1/models/{trained.model_id}/predictions", json={"inputs": [[1.0]]})
    assert response.status_code == 422
    assert response.json["errors"] == [
        {
            "pointer": "/inputs/0",
            "code": "width",
            "row": 0,
            "detail": "the rows have 1 columns, and the model has 3 inputs",
        }
    ]
