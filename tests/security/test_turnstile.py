"""How often a key may ask, and how much at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from services.api.turnstile import Turnstile
from services.settings import Settings
from services.store import Store
from tests.security.service import GuardedService
from tests.support.requests import SMALLEST


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    store = Store(sqlite_url, Settings())
    yield store
    store.close()


def test_a_burst_is_let_in_and_then_as_many_as_the_rate_says(clock: Clock) -> None:
    turnstile = Turnstile(per_second=10, burst=3, at_once=0, clock=clock)

    assert [turnstile.enter("a") for _ in range(3)] == [0, 0, 0]
    assert turnstile.enter("a") == pytest.approx(0.1)
    clock.now += 0.1
    assert turnstile.enter("a") == 0
    assert turnstile.enter("a") > 0


def test_who_waits_as_long_as_told_is_let_in(clock: Clock) -> None:
    turnstile = Turnstile(per_second=7, burst=1, at_once=0, clock=clock)
    turnstile.enter("a")
    clock.now += turnstile.enter("a") + 1e-9
    assert turnstile.enter("a") == 0


def test_waiting_longer_earns_no_more_than_a_burst(clock: Clock) -> None:
    turnstile = Turnstile(per_second=10, burst=2, at_once=0, clock=clock)
    clock.now += 1000
    assert [turnstile.enter("a") > 0 for _ in range(3)] == [False, False, True]


def test_keys_do_not_use_up_each_other_s_share(clock: Clock) -> None:
    turnstile = Turnstile(per_second=1, burst=1, at_once=1, clock=clock)
    assert turnstile.enter("a") == 0
    assert turnstile.enter("a") > 0
    assert turnstile.enter("b") == 0


def test_so_many_at_once_and_the_next_when_one_has_left(clock: Clock) -> None:
    turnstile = Turnstile(per_second=0, burst=1, at_once=2, clock=clock)
    assert [turnstile.enter("a") for _ in range(2)] == [0, 0]
    assert turnstile.enter("a") > 0
    turnstile.leave("a")
    assert turnstile.enter("a") == 0


def test_many_threads_get_no_more_than_the_burst(clock: Clock) -> None:
    turnstile = Turnstile(per_second=1, burst=50, at_once=0, clock=clock)
    let_in: list[bool] = []

    def enter() -> None:
        let_in.extend([turnstile.enter("a") == 0 for _ in range(20)])

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(let_in) == 50


def test_too_many_requests_are_told_when_to_come_back(store: Store) -> None:
    service = GuardedService(store, limits={"requests_per_second": 1, "requests_burst": 2})
    caller, other = service.newcomer(), service.newcomer()

    statuses = [caller.ask("GET", "/v1/jobs").status_code for _ in range(3)]
    refused = caller.ask("GET", "/v1/jobs")

    assert statuses == [200, 200, 429]
    assert refused.get_json()["code"] == "too_many_requests"
    assert int(refused.headers["Retry-After"]) >= 1
    assert other.ask("GET", "/v1/jobs").status_code == 200


def test_every_request_leaves_whatever_its_answer(store: Store) -> None:
    service = GuardedService(store, limits={"requests_at_once": 1, "requests_per_second": 0})
    caller = service.newcomer()
    asked = [
        ("GET", "/v1/jobs", 200),
        ("GET", "/v1/jobs/job_1", 404),
        ("POST", "/v1/jobs", 415),
        ("GET", "/v1/jobs?limit=0", 422),
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/jobs", 405),
        ("GET", "/v1/jobs", 200),
    ]
    assert [caller.ask(method, path).status_code for method, path, _ in asked] == [s for *_, s in asked]


def test_so_many_jobs_of_a_key_may_wait_and_no_more(store: Store) -> None:
    service = GuardedService(store, limits={"queued_jobs_per_key": 2})
    caller, other = service.newcomer(), service.newcomer()
    first, *_ = (caller.ask("POST", "/v1/jobs", SMALLEST).get_json()["id"] for _ in range(2))

    refused = caller.ask("POST", "/v1/jobs", SMALLEST)

    assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many_jobs")
    assert "Retry-After" in refused.headers
    assert len(caller.ask("GET", "/v1/jobs").get_json()["data"]) == 2, "the third was not stored"
    assert other.ask("POST", "/v1/jobs", SMALLEST).status_code == 202
    caller.ask("POST", f"/v1/jobs/{first}/cancel")
    assert caller.ask("POST", "/v1/jobs", SMALLEST).status_code == 202


def test_a_repeated_request_is_no_further_job(store: Store) -> None:
    """The quota must not stand between a client and the answer that it lost."""
    service = GuardedService(store, limits={"queued_jobs_per_key": 1})
    caller = service.newcomer()
    statuses = [caller.ask("POST", "/v1/jobs", SMALLEST, Idempotency_Key="k").status_code for _ in range(2)]
    assert statuses == [202, 202]


def test_without_keys_there_is_one_user_and_no_share(store: Store) -> None:
    limits = {"requests_per_second": 1, "requests_burst": 1, "requests_at_once": 1, "queued_jobs_per_key": 1}
    caller = GuardedService(store, limits=limits, authentication="auto").caller()
    assert [caller.ask("POST", "/v1/jobs", SMALLEST).status_code for _ in range(3)] == [202, 202, 202]


def test_the_limits_are_shown(store: Store) -> None:
    service = GuardedService(store, limits={"queued_jobs_per_key": 7})
    shown = service.newcomer().ask("GET", "/v1/meta").get_json()["limits"]
    assert shown["queued_jobs_per_key"] == 7
    assert {"requests_per_second", "requests_burst", "requests_at_once"} <= shown.keys()
