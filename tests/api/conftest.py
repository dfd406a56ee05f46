"""The application with a real store and a doorbell that only writes down who rang."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest

from services import jobs
from services.api.app import create_app
from services.store import Store
from services.worker.attempt import Attempt
from tests.support.requests import TUTORIAL, changed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from services.settings import Settings
    from services.store.rows import JobRow


class Bell:
    """A doorbell; the broker behind it answers, unless a test says otherwise."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.is_answered = True

    def ring(self, job_ids: Iterable[str]) -> None:
        self.rung += job_ids

    def answers(self) -> bool:
        return self.is_answered


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def app(store: Store, bell: Bell, settings: Settings) -> Flask:
    return create_app(store, bell, settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the application: the test runs on each kind of database."""
    return app.test_client()


@pytest.fixture
def sqlite_store(sqlite_url: str, settings: Settings) -> Iterator[Store]:
    store = Store(sqlite_url, settings)
    yield store
    store.close()


@pytest.fixture
def quick_client(sqlite_store: Store, bell: Bell, settings: Settings) -> FlaskClient:
    """A client for what does not depend on the kind of database."""
    return create_app(sqlite_store, bell, settings).test_client()


def submit(client: FlaskClient, changes: dict[str, Any] | None = None, **options: Any) -> TestResponse:
    """POST the tutorial's job with some places changed; it must be accepted."""
    response = client.post("/v1/jobs", json=changed(TUTORIAL, changes or {}), **options)
    assert response.status_code in (200, 202), response.json
    return response


def train(store: Store, settings: Settings) -> JobRow:
    """Train the most urgent job to its end, as a worker does."""
    claim = jobs.claim(store, worker="a worker", lease_seconds=settings.lease_seconds)
    assert claim is not None, "no job is queued"
    job = Attempt(store, claim, settings, should_stop=lambda: False).run()
    assert job is not None
    return job


@pytest.fixture
def trained(client: FlaskClient, store: Store, settings: Settings) -> JobRow:
    """The tutorial's job, trained."""
    submit(client)
    return train(store, settings)
