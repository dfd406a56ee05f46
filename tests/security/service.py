"""The HTTP interface in this process, asked by several callers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from services import keys
from services.api.app import create_app
from services.scopes import Scope
from services.settings import Limits, Settings

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from services.store import Store


class SilentDoorbell:
    """Nobody is rung: no worker takes part in these tests."""

    def ring(self, job_ids: Iterable[str]) -> None:
        pass

    def answers(self) -> bool:
        return True


class Caller:
    """Somebody with a key, or without."""

    def __init__(self, client: FlaskClient, key: str | None) -> None:
        self._client = client
        self._headers = {} if key is None else {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str, document: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.open(
            path, method=method, json=document, headers={**self._headers, **named}, buffered=True
        )


class GuardedService:
    """An application that asks for keys, unless `settings` say otherwise."""

    def __init__(self, store: Store, *, limits: dict[str, int] | None = None, **settings: Any) -> None:
        self.store = store
        self.settings = dataclasses.replace(
            Settings(), **{"authentication": "required", **settings}, limits=Limits(**(limits or {}))
        )
        self.app = create_app(store, SilentDoorbell(), self.settings)

    def caller(self, key: str | None = None) -> Caller:
        return Caller(self.app.test_client(), key)

    def newcomer(self, name: str = "somebody", **options: Any) -> Caller:
        """Make a key and return who has it."""
        return self.caller(self.new_key(name, **options))

    def new_key(self, name: str = "somebody", scope: Scope = Scope.JOBS, **options: Any) -> str:
        _, text = keys.create(self.store, name, scope=scope, **options)
        return text
