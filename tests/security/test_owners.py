"""Nothing tells one API key about another's objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services import jobs, keys
from tests.security.service import Caller, GuardedService
from tests.support.jobs import claimed, finished
from tests.support.requests import SMALLEST, changed

if TYPE_CHECKING:
    from services.store import Store


@pytest.fixture
def alice(guarded: GuardedService) -> Caller:
    return guarded.newcomer("alice")


@pytest.fixture
def bob(guarded: GuardedService) -> Caller:
    return guarded.newcomer("bob")


def submit(caller: Caller, **headers: str) -> dict[str, Any]:
    answer = caller.ask("POST", "/v1/jobs", SMALLEST, **headers)
    assert answer.status_code == 202, answer.json
    document: dict[str, Any] = answer.get_json()
    return document


#: Everything that can be asked about one object of somebody's.
QUESTIONS = [
    ("GET", "/v1/jobs/{job}"),
    ("GET", "/v1/jobs/{job}?wait=1"),
    ("GET", "/v1/jobs/{job}/loss-curve"),
    ("GET", "/v1/jobs/{job}/loss-curve?format=svg"),
    ("GET", "/v1/jobs/{job}/weights"),
    ("GET", "/v1/jobs/{job}/events"),
    ("POST", "/v1/jobs/{job}/cancel"),
    ("POST", "/v1/jobs/{job}/pause"),
    ("POST", "/v1/jobs/{job}/resume"),
    ("DELETE", "/v1/jobs/{job}"),
    ("GET", "/v1/datasets/{dataset}"),
    ("GET", "/v1/datasets/{dataset}/rows"),
    ("GET", "/v1/datasets/{dataset}/content"),
    ("GET", "/v1/datasets/{dataset}/content?format=csv"),
    ("DELETE", "/v1/datasets/{dataset}"),
    ("GET", "/v1/models/{model}"),
    ("GET", "/v1/models/{model}/weights"),
    ("POST", "/v1/models/{model}/predictions"),
    ("DELETE", "/v1/models/{model}"),
]


def test_the_questions_are_all_that_there_are(guarded: GuardedService) -> None:
    """Whoever adds an address with an id in it must add it above."""
    asked = {
        (method, path.partition("?")[0].replace("{", "<id:").replace("}", "_id>"))
        for method, path in QUESTIONS
    }
    there = {
        (method, rule.rule)
        for rule in guarded.app.url_map.iter_rules()
        if rule.rule.startswith("/v1/") and rule.arguments
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert asked == there


def test_another_s_objects_are_answered_like_ones_that_do_not_exist(
    guarded: GuardedService, alice: Caller, bob: Caller
) -> None:
    document = submit(alice)
    done = finished(guarded.store, claimed(guarded.store))
    theirs = {"job": done.id, "dataset": document["dataset_id"], "model": str(done.model_id)}
    nobodys = {name: f"{value[:-6]}zzzzzz" for name, value in theirs.items()}

    for method, path in QUESTIONS:
        body = {"inputs": [[0.0, 1.0]]} if path.endswith("predictions") else None
        answers = [bob.ask(method, path.format(**ids), body) for ids in (theirs, nobodys)]
        assert [answer.status_code for answer in answers] == [404, 404], (method, path)
        shapes = [
            (sorted(answer.headers.keys()), {**answer.get_json(), "detail": "", "request_id": ""})
            for answer in answers
        ]
        assert shapes[0] == shapes[1], (method, path)

    assert jobs.get(guarded.store, done.id, done.owner) == done, "and nothing was changed"
    assert alice.ask("GET", f"/v1/models/{done.model_id}").status_code == 200


def test_lists_show_one_s_own(guarded: GuardedService, alice: Caller, bob: Caller) -> None:
    mine = submit(alice)["id"]
    finished(guarded.store, claimed(guarded.store))
    submit(bob)
    for path, count in (("/v1/jobs", 1), ("/v1/models", 1)):
        shown = alice.ask("GET", path).get_json()["data"]
        assert len(shown) == count
        assert mine in (shown[0]["id"], shown[0].get("job_id"))
    assert len(alice.ask("GET", "/v1/datasets").get_json()["data"]) == 1
    assert bob.ask("GET", "/v1/models").get_json()["data"] == []


def test_a_cursor_of_another_s_list_shows_nothing_of_it(alice: Caller, bob: Caller) -> None:
    for _ in range(3):
        submit(alice)
    cursor = alice.ask("GET", "/v1/jobs?limit=1").get_json()["next_cursor"]
    assert bob.ask("GET", f"/v1/jobs?after={cursor}").get_json()["data"] == []


def test_idempotency_keys_are_each_one_s_own(alice: Caller, bob: Caller) -> None:
    first = submit(alice, Idempotency_Key="k")
    assert submit(bob, Idempotency_Key="k")["id"] != first["id"]
    assert submit(alice, Idempotency_Key="k")["id"] == first["id"]

    other = changed(SMALLEST, {"/training/epochs": 3})
    assert bob.ask("POST", "/v1/jobs", other, Idempotency_Key="k").status_code == 422
    assert bob.ask("POST", "/v1/jobs", other, Idempotency_Key="k2").status_code == 202


def test_another_s_dataset_and_one_that_does_not_exist_are_refused_alike(alice: Caller, bob: Caller) -> None:
    theirs = submit(alice)["dataset_id"]
    answers = [
        bob.ask("POST", "/v1/jobs", {**SMALLEST, "dataset": {"id": dataset_id}})
        for dataset_id in (theirs, f"{theirs[:-6]}zzzzzz")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    first, second = ({**answer.get_json(), "request_id": ""} for answer in answers)
    assert first == second


def test_the_same_data_of_two_are_two_datasets(alice: Caller, bob: Caller) -> None:
    """Or a known digest would tell that somebody else has them."""
    assert submit(alice)["dataset_id"] != submit(bob)["dataset_id"]


def test_keys_that_share_see_the_same(guarded: GuardedService) -> None:
    old = guarded.newcomer("old")
    (old_key,) = keys.list_keys(guarded.store)
    renewed = guarded.newcomer("new", shares_with=old_key.id)

    job_id = submit(old, Idempotency_Key="k")["id"]

    assert renewed.ask("GET", f"/v1/jobs/{job_id}").status_code == 200
    assert submit(renewed, Idempotency_Key="k")["id"] == job_id


def test_what_was_made_without_a_key_is_seen_by_none(store: Store, alice: Caller) -> None:
    job = submit(GuardedService(store, authentication="off").caller())
    assert alice.ask("GET", f"/v1/jobs/{job['id']}").status_code == 404
