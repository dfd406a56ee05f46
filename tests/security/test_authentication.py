"""Who is let in: every address that is not for everybody needs a key that is good, and of the right kind."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from services import keys
from services.api.authentication import OPEN_BLUEPRINTS, OPEN_ENDPOINTS
from services.scopes import Scope
from services.settings import Settings
from services.store import Store
from tests.security.service import GuardedService


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    """What is tested here is the same on every database."""
    store = Store(sqlite_url, Settings())
    yield store
    store.close()


def addresses(guarded: GuardedService) -> list[tuple[str, str, str]]:
    """Every (endpoint, method, path) there is, with something in place of its parts."""
    return [
        (rule.endpoint, method, re.sub(r"<.*?>", "x_1", rule.rule))
        for rule in guarded.app.url_map.iter_rules()
        for method in sorted(rule.methods or ())
    ]


def test_every_address_needs_a_key_but_those_named(guarded: GuardedService) -> None:
    stranger = guarded.caller()
    let_in = {
        endpoint
        for endpoint, method, path in addresses(guarded)
        if stranger.ask(method, path).status_code != 401
    }
    assert {endpoint for endpoint in let_in if endpoint.partition(".")[0] not in OPEN_BLUEPRINTS} == (
        OPEN_ENDPOINTS
    )


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer gq_000000000000_" + "A" * 43,
        "Bearer gq_000000000000_" + "A" * 100_000,
        "Bearer ' OR 1=1 --",
        "Basic dXNlcjpwYXNzd29yZA==",
        "Bearer \xff\xfe",
    ],
)
def test_who_has_no_good_key_learns_how_to_send_one_and_nothing_else(
    guarded: GuardedService, header: str
) -> None:
    answer = guarded.caller().ask("GET", "/v1/jobs", Authorization=header)

    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert answer.json is not None
    assert answer.json["code"] == "unauthorized"


def test_a_missing_key_and_a_wrong_one_are_told_apart_but_not_a_wrong_one_and_a_revoked_one(
    guarded: GuardedService,
) -> None:
    secret = guarded.new_key()
    keys.revoke(guarded.store, keys.list_keys(guarded.store)[0].id)

    revoked, wrong, missing = (
        guarded.caller(key).ask("GET", "/v1/jobs") for key in (secret, "gq_wrong", None)
    )

    assert revoked.json is not None
    assert wrong.json is not None
    assert revoked.json["detail"] == wrong.json["detail"]
    assert 'error="invalid_token"' in wrong.headers["WWW-Authenticate"]
    assert "error=" not in missing.headers["WWW-Authenticate"]


def test_a_key_opens_the_interface_until_it_is_revoked(guarded: GuardedService) -> None:
    caller = guarded.newcomer()
    assert caller.ask("GET", "/v1/jobs").status_code == 200

    keys.revoke(guarded.store, keys.list_keys(guarded.store)[0].id)
    assert caller.ask("GET", "/v1/jobs").status_code == 401


def test_a_key_for_metrics_reads_no_jobs(guarded: GuardedService) -> None:
    answer = guarded.newcomer(scope=Scope.METRICS).ask("GET", "/v1/jobs")
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["code"] == "wrong_scope"


def test_a_body_is_not_read_before_its_sender_is_known(guarded: GuardedService) -> None:
    with guarded.app.test_request_context("/v1/jobs", method="POST", data=b"{" * 1_000_000) as context:
        answer = guarded.app.full_dispatch_request()
        assert answer.status_code == 401
        assert context.request.stream.tell() == 0


@pytest.mark.parametrize(
    ("host", "authentication", "needed"),
    [
        ("127.0.0.1", "auto", False),
        ("127.8.9.1", "auto", False),
        ("::1", "auto", False),
        ("localhost", "auto", False),
        ("0.0.0.0", "auto", True),
        ("::", "auto", True),
        ("192.168.1.7", "auto", True),
        ("localhost.example.com", "auto", True),
        ("gradqueue.internal", "auto", True),
        ("0.0.0.0", "off", False),
        ("127.0.0.1", "required", True),
    ],
)
def test_keys_are_needed_as_soon_as_others_can_reach_the_service(
    host: str, authentication: str, needed: bool
) -> None:
    assert Settings(host=host, authentication=authentication).needs_keys is needed


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("evil.example.com", 421),
        ("localhost.evil.example.com:8000", 421),
        ("127.0.0.1.evil.example.com", 421),
        ("[", 421),
    ],
)
def test_without_keys_a_web_page_cannot_pose_as_this_machine(store: Store, name: str, status: int) -> None:
    """DNS rebinding: the page's own name resolves to 127.0.0.1, and its scripts read every answer."""
    service = GuardedService(store, authentication="auto")
    assert service.caller().ask("GET", "/v1/jobs", Host=name).status_code == status


def test_who_switched_keys_off_may_use_any_name(store: Store) -> None:
    service = GuardedService(store, authentication="off")
    assert service.caller().ask("GET", "/v1/jobs", Host="gradqueue.example.com").status_code == 200
