"""Fixtures for the tests of the client and the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gradqueue.scripted_service import ScriptedService


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    service = ScriptedService()
    yield service
    service.stop()
    assert not service.script, "answers that nobody asked for"
