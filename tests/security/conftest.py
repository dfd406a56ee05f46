from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.security.service import GuardedService

if TYPE_CHECKING:
    from services.store import Store


@pytest.fixture
def guarded(store: Store) -> GuardedService:
    """The HTTP interface on an empty store, where every request needs a key."""
    return GuardedService(store)
