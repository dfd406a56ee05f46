"""`/metrics` and `/v1/queue`: every figure moves with what it is about."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from services import jobs, keys, workers
from services.api import recent
from services.scopes import Scope
from services.settings import Settings
from services.status import Status
from services.store import Store
from services.workers import FLUSH_SECONDS
from tests.security.service import GuardedService
from tests.support.jobs import LEASE_SECONDS, a_flush, a_submission, claimed, in_status, submitted


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "FRESH_SECONDS", 0.0)


@pytest.fixture
def service(store: Store) -> GuardedService:
    return GuardedService(store, authentication="off")


def figures(service: GuardedService) -> dict[str, float]:
    """What /metrics says now, by name with labels."""
    answer = service.caller().ask("GET", "/metrics")
    assert answer.status_code == 200
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def some_figures(**changes: Any) -> workers.Figures:
    counted: Any = {
        "epochs": 7,
        "claims": 2,
        "flush_seconds": 0.5,
        "flushes": [3, *[0] * (len(FLUSH_SECONDS) - 1), 1],
        "sweeps": 5,
        "taken_back": 1,
        "given_up": 0,
    }
    return {**counted, **changes}


def test_jobs_are_counted_by_status(service: GuardedService, store: Store) -> None:
    for status in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.PAUSED, Status.RUNNING):
        in_status(store, status)
    for _ in range(3):
        submitted(store)

    found = figures(service)

    assert {status: found[f"gradqueue_jobs status={status}"] for status in Status} == {
        **dict.fromkeys(Status, 1),
        Status.QUEUED: 3,
    }


def test_the_age_of_the_queue_is_that_of_the_job_queued_first(service: GuardedService, store: Store) -> None:
    assert figures(service)["gradqueue_queue_oldest_seconds"] == 0
    submitted(store)
    first = figures(service)["gradqueue_queue_oldest_seconds"]
    submitted(store, priority=9)
    second = figures(service)["gradqueue_queue_oldest_seconds"]
    assert 0 <= first <= second
    for _ in range(2):
        claimed(store)
    assert figures(service)["gradqueue_queue_oldest_seconds"] == 0


def test_the_speed_is_that_of_running_jobs(service: GuardedService, store: Store) -> None:
    submitted(store)
    claim = claimed(store)
    jobs.flush(store, claim, a_flush(), LEASE_SECONDS)
    assert figures(service)["gradqueue_epochs_per_second"] == 1000.0
    jobs.cancel(store, claim.job_id)
    assert figures(service)["gradqueue_epochs_per_second"] == 0.0


def test_each_worker_s_figures_are_shown(service: GuardedService, store: Store) -> None:
    renew = partial(workers.renew, store, processes=2, seconds=60.0)
    renew("a", figures=some_figures(epochs=10))
    renew("b", figures=some_figures(taken_back=4))
    renew("a", figures=some_figures(epochs=11))

    found = figures(service)

    assert (found["gradqueue_workers"], found["gradqueue_worker_processes"]) == (2, 4)
    assert found["gradqueue_worker_epochs_total worker=a"] == 11
    assert found["gradqueue_jobs_taken_back_total worker=b"] == 4
    assert found["gradqueue_sweeps_total worker=a"] == 5
    assert found["gradqueue_flush_seconds_bucket le=0.0025 worker=a"] == 3
    assert found["gradqueue_flush_seconds_bucket le=2.5 worker=a"] == 3
    assert found["gradqueue_flush_seconds_bucket le=+Inf worker=a"] == 4
    assert found["gradqueue_flush_seconds_sum worker=a"] == 0.5


def test_a_dead_worker_is_not_counted_but_what_it_did_still_is(service: GuardedService, store: Store) -> None:
    workers.renew(store, "dead", processes=2, seconds=-1.0, figures=some_figures())
    found = figures(service)
    assert found["gradqueue_workers"] == 0
    assert found["gradqueue_worker_epochs_total worker=dead"] == 7


def test_requests_are_counted_by_pattern_and_never_by_what_clients_make_up(
    service: GuardedService, store: Store
) -> None:
    caller = service.caller()
    for number in range(20):
        caller.ask("GET", f"/v1/jobs/job_{number}")
        caller.ask("GET", f"/nothing/{number}")
        caller.ask(f"INVENTED{number}", "/v1/jobs")

    found = {name: value for name, value in figures(service).items() if "request_seconds_count" in name}

    assert found == {
        "gradqueue_http_request_seconds_count address=/v1/jobs/<id:job_id> method=GET status=404": 20,
        "gradqueue_http_request_seconds_count address=none method=GET status=404": 20,
        "gradqueue_http_request_seconds_count address=none method=other status=405": 20,
    }


def test_without_the_store_the_process_still_tells_what_it_knows() -> None:
    store = Store("postgresql+psycopg://me:s3cret@127.0.0.1:1/nothing", Settings())
    found = figures(GuardedService(store, authentication="off"))
    assert found["gradqueue_store_up"] == 0
    assert found["process_resident_memory_bytes"] > 0
    assert not any(name.startswith("gradqueue_jobs") for name in found)


def test_metrics_are_for_keys_of_their_own(store: Store) -> None:
    """They add up the jobs of all owners, which no owner may know."""
    guarded = GuardedService(store)
    assert guarded.caller().ask("GET", "/metrics").status_code == 401
    assert guarded.newcomer().ask("GET", "/metrics").status_code == 403
    assert guarded.newcomer(scope=Scope.METRICS).ask("GET", "/metrics").status_code == 200


def test_the_queue_is_one_s_own(store: Store) -> None:
    guarded = GuardedService(store)
    alice, bob = guarded.new_key("alice"), guarded.new_key("bob")
    found = keys.find(store, alice)
    assert found is not None
    jobs.submit(store, a_submission(), owner=found.owner, queue_limit=10)
    workers.renew(store, "a worker", processes=3, seconds=60.0)

    mine, theirs = (guarded.caller(key).ask("GET", "/v1/queue").get_json() for key in (alice, bob))

    assert (mine["jobs"]["queued"], theirs["jobs"]["queued"]) == (1, 0)
    assert mine["oldest_queued_seconds"] >= 0
    assert theirs["oldest_queued_seconds"] is None
    assert mine["workers"] == theirs["workers"] == {"alive": 1, "processes": 3}


def test_counts_are_remembered_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "FRESH_SECONDS", 5.0)
    now, numbers = [0.0], iter(range(10))
    counts: recent.Recent[str, int] = recent.Recent(lambda _: next(numbers), clock=lambda: now[0])

    assert [counts.of("a"), counts.of("a"), counts.of("b")] == [0, 0, 1]
    now[0] = 4.9
    assert counts.of("a") == 0
    now[0] = 5.0
    assert counts.of("a") == 2
