"""Datasets over HTTP: uploaded in three forms, described, read back, deleted."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.conftest import submit, train
from tests.api.test_bad_input import is_problem
from tests.support.requests import CLASSES, SMALLEST

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from services.settings import Settings
    from services.store import Store

CSV = "text/csv"
FLOWERS = b"petal,sepal,species\n1.5,2,rose\n0.5,1,lily\n2.5,-1,rose\n"
AS_JSON = {
    "problem": "classification",
    "column_names": ["petal", "sepal", "species"],
    "inputs": [[1.5, 2.0], [0.5, 1.0], [2.5, -1.0]],
    "targets": ["rose", "lily", "rose"],
}
QUERY = "?target=species&problem=classification"


def upload(client: FlaskClient, body: bytes = FLOWERS, query: str = QUERY) -> TestResponse:
    return client.post(f"/v1/datasets{query}", data=body, content_type=CSV)


def form(client: FlaskClient, query: str = QUERY, **parts: Any) -> TestResponse:
    return client.post(f"/v1/datasets{query}", data=parts, content_type="multipart/form-data")


def test_a_csv_file_becomes_a_dataset(client: FlaskClient) -> None:
    response = upload(client, query=f"{QUERY}&name=flowers")
    assert response.status_code == 201
    dataset = response.json
    assert response.headers["Location"] == f"/v1/datasets/{dataset['id']}"
    assert (dataset["name"], dataset["rows"], dataset["inputs"], dataset["targets"]) == ("flowers", 3, 2, 1)
    assert (dataset["problem"], dataset["labels"]) == ("classification", ["lily", "rose"])
    assert dataset["columns"][0] == {
        "name": "petal",
        "role": "input",
        "min": 0.5,
        "max": 2.5,
        "mean": 1.5,
        "std": pytest.approx(0.816496580927726, rel=1e-15),
    }
    assert dataset["columns"][2] == {
        "name": "species",
        "role": "target",
        "labels": ["lily", "rose"],
        "counts": [1, 2],
    }
    assert dataset["warnings"] == []
    assert client.get(f"/v1/datasets/{dataset['id']}").json == dataset


def test_the_same_content_is_the_same_dataset_in_whatever_form_it_comes(client: FlaskClient) -> None:
    first = upload(client)
    answers = [
        upload(client),
        upload(client, b"\xef\xbb\xbf" + FLOWERS.replace(b"\n", b"\r\n")),
        upload(client, FLOWERS.replace(b"1.5", b" 15e-1 ").replace(b"rose", b'"rose"')),
        form(client, file=(io.BytesIO(FLOWERS), "flowers.csv")),
        form(client, query="", file=(io.BytesIO(json.dumps(AS_JSON).encode()), "f", "application/json")),
        client.post("/v1/datasets", json=AS_JSON),
    ]
    assert first.status_code == 201
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert [answer.json for answer in answers] == [first.json] * len(answers)
    assert len(client.get("/v1/datasets").json["data"]) == 1


def test_names_are_not_content_and_the_first_ones_stay(client: FlaskClient) -> None:
    inline = submit(client, {"/dataset": SMALLEST["dataset"], "/model": SMALLEST["model"]})
    at = f"/v1/datasets/{inline.json['dataset_id']}"
    assert [column["name"] for column in client.get(at).json["columns"]] == ["x0", "x1", "y"]

    for names in (["a", "b", "c"], ["d", "e", "f"]):
        body = {**SMALLEST["dataset"], "column_names": names, "name": names[0]}
        answer = client.post("/v1/datasets", json=body)
        assert answer.status_code == 200
        assert [column["name"] for column in answer.json["columns"]] == ["a", "b", "c"]
        assert answer.json["name"] == "a"


def test_several_targets_are_taken_in_the_order_asked_for(client: FlaskClient) -> None:
    body = b'a,"b,c",d\n1,2,3\n4,5,6\n'
    dataset = upload(client, body, '?target=d,"b,c"').json
    content = client.get(f"/v1/datasets/{dataset['id']}/content").json
    assert content["column_names"] == ["a", "d", "b,c"]
    assert (content["inputs"], content["targets"]) == ([[1.0], [4.0]], [[3.0, 2.0], [6.0, 5.0]])


def test_without_a_target_it_is_the_last_column_and_a_number(client: FlaskClient) -> None:
    dataset = upload(client, b"a,b\n1,2\n3,4\n", "").json
    assert dataset["problem"] == "regression"
    assert [column["role"] for column in dataset["columns"]] == ["input", "target"]


@pytest.mark.parametrize("form_", ["csv", "json"])
@pytest.mark.parametrize(
    "targets",
    [
        ["rose", "=HYPERLINK(1)", "'"],
        ["1", "2", "1"],
        ["1", "x", "-2"],
        [1, 2, -3],
        ['say "a, b"', "''=1", " 5 "],
        [0.1, -0.0, 1e-300],
    ],
    ids=str,
)
def test_what_is_downloaded_is_uploaded_as_the_same(
    quick_client: FlaskClient, form_: str, targets: list[Any]
) -> None:
    problem = "regression" if isinstance(targets[0], float) else "classification"
    names = ["=1+1", "0", "+t"]
    body = {"problem": problem, "inputs": [[1, 2], [0.1, -0.0], [5e-324, 1.7e308]], "column_names": names}
    first = quick_client.post("/v1/datasets", json={**body, "targets": targets}).json

    content = quick_client.get(f"/v1/datasets/{first['id']}/content?format={form_}")
    quick_client.delete(f"/v1/datasets/{first['id']}")
    query = "" if form_ == "json" else f"?problem={problem}"
    again = quick_client.post(f"/v1/datasets{query}", data=content.data, content_type=content.content_type)

    assert again.status_code == 201, again.json
    assert (again.json["sha256"], again.json["labels"]) == (first["sha256"], first["labels"])
    assert [column["name"] for column in again.json["columns"]] == names


def test_no_cell_of_a_download_is_a_formula(quick_client: FlaskClient) -> None:
    """A spreadsheet runs what begins with =, +, - or @."""
    body = {
        "problem": "classification",
        "inputs": [[1], [2], [-3]],
        "targets": ["=HYPERLINK(1)", "@x", "-1+1"],
        "column_names": ["+a", "=b"],
    }
    dataset = quick_client.post("/v1/datasets", json=body).json
    text = quick_client.get(f"/v1/datasets/{dataset['id']}/content", headers={"Accept": CSV}).text
    assert text.split("\r\n") == ["'+a,'=b", "1.0,'=HYPERLINK(1)", "2.0,'@x", "-3.0,'-1+1", ""]


def test_content_is_a_file_with_a_tag(quick_client: FlaskClient) -> None:
    dataset = upload(quick_client).json
    at = f"/v1/datasets/{dataset['id']}/content"
    response = quick_client.get(f"{at}?format=csv")
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{dataset["id"]}.csv"'
    tag = response.headers["ETag"]
    assert quick_client.get(f"{at}?format=csv", headers={"If-None-Match": tag}).status_code == 304
    assert quick_client.get(at, headers={"If-None-Match": tag}).status_code == 200, "JSON is another thing"


def test_rows_are_paged(quick_client: FlaskClient) -> None:
    dataset = upload(quick_client).json
    at = f"/v1/datasets/{dataset['id']}/rows"
    first = quick_client.get(f"{at}?limit=2").json
    assert first["data"] == [[1.5, 2.0, "rose"], [0.5, 1.0, "lily"]]
    assert (first["first_row"], first["has_more"]) == (0, True)
    second = quick_client.get(f"{at}?limit=2&after={first['next_cursor']}").json
    assert second["data"] == [[2.5, -1.0, "rose"]]
    assert (second["first_row"], second["has_more"], second["next_cursor"]) == (2, False, None)
    assert quick_client.get(f"{at}?after=1000").json["data"] == []
    is_problem(quick_client.get(f"{at}?limit=101"), 422, "invalid_input")
    is_problem(quick_client.get(f"{at}?after=x"), 422, "invalid_input")


def test_lists_are_paged_newest_first(quick_client: FlaskClient) -> None:
    ids = [upload(quick_client, b"a,b\n1,2\n3,%d\n" % number, "").json["id"] for number in range(3)]
    first = quick_client.get("/v1/datasets?limit=2").json
    second = quick_client.get(f"/v1/datasets?limit=2&after={first['next_cursor']}").json
    assert [each["id"] for each in (*first["data"], *second["data"])] == ids[::-1]
    assert second["has_more"] is False


def test_what_is_probably_not_meant_is_pointed_out(quick_client: FlaskClient) -> None:
    rows = [b"0,7,a"] * 11 + [b"1,7,a", b"0.0,7,b", b"-0,7,a"]
    dataset = upload(quick_client, b"x0,x1,y\n" + b"\n".join(rows), "?problem=classification").json
    warnings = {warning["code"]: warning for warning in dataset["warnings"]}
    assert warnings["constant_column"]["columns"] == ["x1"]
    assert (warnings["duplicate_rows"]["rows"], warnings["duplicate_rows"]["total"]) == (
        [*range(1, 11), 13],
        11,
    )
    assert warnings["contradictory_duplicates"]["rows"] == [12]
    assert warnings["class_imbalance"]["labels"] == ["b"]
    assert len(warnings) == 4


def test_the_largest_doubles_have_a_mean_and_a_deviation(quick_client: FlaskClient) -> None:
    dataset = upload(quick_client, b"a,b\n1.7e308,1\n-1.7e308,0.1\n1.7e308,0.1\n1.7e308,0.1\n", "").json
    column = dataset["columns"][0]
    assert column["mean"] == pytest.approx(0.85e308)
    assert column["std"] == pytest.approx(1.7e308 * 0.75**0.5)


def test_a_job_is_trained_on_a_dataset_that_was_uploaded(
    client: FlaskClient, store: Store, settings: Settings
) -> None:
    dataset = upload(client).json
    body = {"dataset": {"id": dataset["id"]}, "model": {"hidden_layers": [4]}, "training": {"epochs": 2}}
    job = client.post("/v1/jobs", json=body)
    assert job.status_code == 202
    assert job.json["dataset_id"] == dataset["id"]

    response = client.delete(f"/v1/datasets/{dataset['id']}")
    is_problem(response, 409, "dataset_in_use")

    model_id = train(store, settings).model_id
    assert client.delete(f"/v1/datasets/{dataset['id']}").status_code == 204
    is_problem(client.get(f"/v1/datasets/{dataset['id']}"), 404, "not_found")

    at = f"/v1/models/{model_id}/predictions"
    by_csv = client.post(at, data=b"petal,sepal\n1.5,2\n0.5,1\n", content_type=CSV)
    assert by_csv.status_code == 200
    assert by_csv.json == client.post(at, json={"inputs": [[1.5, 2], [0.5, 1]]}).json
    bad = client.post(at, data=b"petal,sepal\n1.5,\n0.5,1\n", content_type=CSV)
    (error,) = is_problem(bad, 422, "invalid_input")["errors"]
    assert (error["code"], error["line"], error["column"]) == ("empty_cell", 2, 2)
    (error,) = is_problem(client.post(at, data=b"a\n1\n", content_type=CSV), 422, "invalid_input")["errors"]
    assert (error["code"], error["line"]) == ("width", 1)


def test_a_dataset_that_came_with_a_job_stays_once_it_was_uploaded_too(client: FlaskClient) -> None:
    dataset = CLASSES["dataset"]
    job = client.post("/v1/jobs", json=CLASSES).json
    assert client.post("/v1/datasets", json=dataset).status_code == 200
    client.post(f"/v1/jobs/{job['id']}/cancel")
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert client.get(f"/v1/datasets/{job['dataset_id']}").status_code == 200
