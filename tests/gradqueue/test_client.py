"""The client against a server that answers from a script: every unlucky answer, on demand."""

from __future__ import annotations

import json
import math
import socket
import threading

import numpy as np
import pytest

from gradqueue import Client, Problem, Unreachable
from tests.gradqueue.scripted_service import Answer, ScriptedService, job, problem

ACCEPTED = Answer(202, job())
NOT_NOW = problem(503, "unavailable", "the store is away")
LOST = Answer(None)


def changed(document: dict[str, object], etag: str) -> Answer:
    return Answer(200, document, {"ETag": etag})


UNCHANGED = Answer(304)


@pytest.mark.parametrize("first", [NOT_NOW, LOST], ids=["503", "connection lost"])
def test_a_submission_that_is_sent_again_carries_the_same_idempotency_key(
    service: ScriptedService, first: Answer
) -> None:
    service.answers(first, ACCEPTED)
    with Client(service.url) as client:
        assert client.submit({"dataset": {"generator": "xor"}})["id"] == "job_1"
    keys = [request.headers["Idempotency-Key"] for request in service.requests]
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_two_submissions_have_different_idempotency_keys(service: ScriptedService) -> None:
    service.answers(ACCEPTED, ACCEPTED)
    with Client(service.url) as client:
        client.submit({})
        client.submit({})
    assert service.requests[0].headers["Idempotency-Key"] != service.requests[1].headers["Idempotency-Key"]


def test_a_given_idempotency_key_is_used(service: ScriptedService) -> None:
    service.answers(ACCEPTED)
    with Client(service.url) as client:
        client.submit({}, idempotency_key="order-7")
    assert service.requests[0].headers["Idempotency-Key"] == "order-7"


def test_the_bytes_of_a_file_are_sent_as_they_are(service: ScriptedService) -> None:
    service.answers(ACCEPTED)
    with Client(service.url) as client:
        client.submit(b'{"a": 1, "a": NaN}')
    assert service.requests[0].body == b'{"a": 1, "a": NaN}'
    assert service.requests[0].headers["Content-Type"] == "application/json"


def test_arrays_may_stand_for_lists(service: ScriptedService) -> None:
    service.answers(ACCEPTED)
    with Client(service.url) as client:
        client.submit({"inputs": np.array([[0.1, 2.0]]), "seed": np.int64(3)})
    assert json.loads(service.requests[0].body) == {"inputs": [[0.1, 2.0]], "seed": 3}


def test_a_number_that_is_not_finite_never_leaves() -> None:
    with Client() as client, pytest.raises(ValueError, match="not JSON compliant"):
        client.submit({"targets": [math.nan]})


def test_a_problem_document_becomes_a_problem(service: ScriptedService) -> None:
    error = {"pointer": "/training/epochs", "code": "out_of_range", "detail": "must be at least 1"}
    service.answers(problem(422, "invalid_input", "1 problem was found", [error]))
    with Client(service.url) as client, pytest.raises(Problem, match="1 problem was found") as caught:
        client.submit({})
    assert (caught.value.code, caught.value.status) == ("invalid_input", 422)
    assert caught.value.errors == (error,)


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'{"message": "no"}'])
def test_an_error_page_of_someone_between_becomes_a_problem(service: ScriptedService, body: bytes) -> None:
    service.answers(Answer(502, body=body))
    with Client(service.url) as client, pytest.raises(Problem) as caught:
        client.job("job_1")
    assert (caught.value.code, caught.value.status) == ("http_502", 502)


def test_a_service_that_stays_unavailable_becomes_a_problem(service: ScriptedService) -> None:
    service.answers(NOT_NOW, NOT_NOW, NOT_NOW, NOT_NOW)
    with Client(service.url) as client, pytest.raises(Problem) as caught:
        client.job("job_1")
    assert caught.value.code == "unavailable"


def test_nothing_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Client(f"http://127.0.0.1:{port}") as client:
        with pytest.raises(Unreachable, match=f"no gradqueue service answers at http://127.0.0.1:{port}"):
            client.job("job_1")
        assert not client.ready()


def test_a_service_that_says_nothing_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Client(url, timeout_seconds=0.05) as client, pytest.raises(Unreachable):
            client.job("job_1")


def test_readiness_is_asked_once(service: ScriptedService) -> None:
    service.answers(NOT_NOW, Answer(200, {}))
    with Client(service.url) as client:
        assert not client.ready()
        assert client.ready()


def test_jobs_follows_the_cursor_and_keeps_the_filters(service: ScriptedService) -> None:
    service.answers(
        Answer(200, {"data": [job(id="job_3"), job(id="job_2")], "has_more": True, "next_cursor": "c"}),
        Answer(200, {"data": [job(id="job_1")], "has_more": False, "next_cursor": None}),
    )
    with Client(service.url) as client:
        found = [each["id"] for each in client.jobs(status="failed", metadata={"customer": "42"})]
    assert found == ["job_3", "job_2", "job_1"]
    assert service.requests[0].path == "/v1/jobs?limit=100&status=failed&metadata%5Bcustomer%5D=42"
    assert service.requests[1].path == service.requests[0].path + "&after=c"


def test_the_pages_of_a_loss_curve_are_joined(service: ScriptedService) -> None:
    service.answers(
        Answer(200, {"epochs": [1, 2], "train_loss": [0.5, 0.4], "has_more": True, "next_after_epoch": 2}),
        Answer(200, {"epochs": [3], "train_loss": [0.3], "has_more": False, "next_after_epoch": 3}),
    )
    with Client(service.url) as client:
        assert client.loss_curve("job_1") == {"epochs": [1, 2, 3], "train_loss": [0.5, 0.4, 0.3]}
    assert "after_epoch=2" in service.requests[1].path


def test_watching_yields_every_change_and_ends_with_the_job(service: ScriptedService) -> None:
    service.answers(
        changed(job("queued"), '"1"'),
        UNCHANGED,
        changed(job("running", 10), '"2"'),
        changed(job("succeeded", 50), '"3"'),
    )
    with Client(service.url) as client:
        seen = [(each["status"], each["progress"]["epoch"]) for each in client.watch("job_1")]
    assert seen == [("queued", 0), ("running", 10), ("succeeded", 50)]
    asked = [request.headers.get("If-None-Match") for request in service.requests]
    assert asked == [None, '"1"', '"1"', '"2"']
    assert all("wait=" in request.path for request in service.requests[1:])


def test_watching_goes_on_over_a_restart_of_the_service(service: ScriptedService) -> None:
    service.answers(changed(job("running", 10), '"1"'))
    with Client(service.url) as client:
        watching = client.watch("job_1")
        next(watching)
        client.close()
        service.stop()
        restarted: list[ScriptedService] = []

        def restart() -> None:
            again = ScriptedService(service.port)
            again.answers(changed(job("succeeded", 50), '"2"'))
            restarted.append(again)

        later = threading.Timer(0.2, restart)
        later.start()
        assert next(watching)["status"] == "succeeded"
        later.join()
        restarted[0].stop()


def test_watching_waits_no_longer_than_the_service_allows(service: ScriptedService) -> None:
    error = {"pointer": "/wait", "code": "out_of_range", "detail": "must be between 0 and 3"}
    service.answers(
        changed(job("running", 10), '"1"'),
        problem(422, "invalid_input", "must be between 0 and 3", [error]),
        Answer(200, {"limits": {"wait_seconds": 3}}),
        UNCHANGED,
        changed(job("succeeded", 50), '"2"'),
    )
    with Client(service.url) as client:
        assert client.wait("job_1")["status"] == "succeeded"
    assert [request.path for request in service.requests[1:]] == [
        "/v1/jobs/job_1?wait=25",
        "/v1/meta",
        "/v1/jobs/job_1?wait=3",
        "/v1/jobs/job_1?wait=3",
    ]


HALF = Answer(200, body=b'{"id": "job_1"', headers={"Content-Length": "1000", "Connection": "close"})


def test_half_an_answer_is_asked_for_again(service: ScriptedService) -> None:
    service.answers(HALF, HALF, Answer(200, job()))
    with Client(service.url) as client:
        assert client.job("job_1")["status"] == "queued"


def test_a_service_that_only_gives_halves_is_unreachable(service: ScriptedService) -> None:
    service.answers(HALF, HALF, HALF, HALF)
    with Client(service.url) as client, pytest.raises(Unreachable):
        client.job("job_1")
    assert not service.script


def test_watching_a_job_that_was_deleted_raises(service: ScriptedService) -> None:
    service.answers(changed(job("running", 10), '"1"'), problem(404, "not_found", "no such job"))
    with Client(service.url) as client, pytest.raises(Problem, match="no such job"):
        list(client.watch("job_1"))


def test_waiting_gives_up_in_time(service: ScriptedService) -> None:
    service.answers(changed(job("queued"), '"1"'))
    with Client(service.url) as client, pytest.raises(TimeoutError, match="job_1 is not done after 0 s"):
        client.wait("job_1", timeout_seconds=0)


def test_predictions_are_asked_of_the_model(service: ScriptedService) -> None:
    service.answers(Answer(200, {"predictions": [0.25]}))
    with Client(service.url) as client:
        assert client.predict("mdl_1", np.array([[0.5, 0.5]]))["predictions"] == [0.25]
    assert service.requests[0].path == "/v1/models/mdl_1/predictions"
    assert json.loads(service.requests[0].body) == {"inputs": [[0.5, 0.5]]}


@pytest.mark.parametrize("action", ["cancel", "pause", "resume"])
def test_actions_are_posted_to_the_job(service: ScriptedService, action: str) -> None:
    service.answers(Answer(200, job()))
    with Client(service.url) as client:
        assert getattr(client, action)("job_1")["id"] == "job_1"
    assert (service.requests[0].method, service.requests[0].path) == ("POST", f"/v1/jobs/job_1/{action}")


def test_an_id_cannot_lead_elsewhere(service: ScriptedService) -> None:
    service.answers(Answer(204))
    with Client(service.url) as client:
        client.delete("../models/m?x=1")
    assert service.requests[0].path == "/v1/jobs/..%2Fmodels%2Fm%3Fx%3D1"


def test_weights_and_pictures_are_fetched(service: ScriptedService) -> None:
    service.answers(Answer(200, {"object": "weights", "layers": []}), Answer(200, body=b"\x89PNG"))
    with Client(service.url) as client:
        assert client.weights("job_1")["object"] == "weights"
        assert client.loss_curve_picture("job_1") == b"\x89PNG"
    assert service.requests[1].path == "/v1/jobs/job_1/loss-curve?format=png"


def test_a_csv_file_is_uploaded_as_it_is(service: ScriptedService) -> None:
    service.answers(Answer(201, {"id": "ds_1"}))
    with Client(service.url) as client:
        dataset = client.upload_dataset(b"a,b\r\n1,nan\r\n", target="b", name="n")
    assert dataset["id"] == "ds_1"
    (request,) = service.requests
    assert (request.path, request.body) == ("/v1/datasets?target=b&name=n", b"a,b\r\n1,nan\r\n")
    assert request.headers["Content-Type"] == "text/csv"


def test_arrays_are_uploaded_as_json(service: ScriptedService) -> None:
    service.answers(Answer(200, {"id": "ds_1"}))
    with Client(service.url) as client:
        client.upload_dataset({"inputs": np.ones((2, 1)), "targets": np.zeros(2)})
    (request,) = service.requests
    assert json.loads(request.body) == {"inputs": [[1.0], [1.0]], "targets": [0.0, 0.0]}
    assert request.headers["Content-Type"] == "application/json"
