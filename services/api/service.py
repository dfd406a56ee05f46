"""What the views work with: the store, the doorbell and the settings of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from flask import Flask, current_app

if TYPE_CHECKING:
    from services.api.places import Places
    from services.api.streams import Streams
    from services.api.watcher import Watcher
    from services.settings import Limits, Settings
    from services.store import Store

_EXTENSION = "gradqueue"


class Rings(Protocol):
    """What the API needs of a doorbell."""

    def ring(self, job_ids: Iterable[str]) -> None:
        """Tell the workers about queued jobs, at once and without ever raising."""

    def answers(self) -> bool:
        """Return whether the broker answers, within a bounded time and without ever raising."""


@dataclass(frozen=True, slots=True)
class Service:
    """The parts a view may use."""

    store: Store
    doorbell: Rings
    settings: Settings
    is_stopping: Callable[[], bool]
    watcher: Watcher
    streams: Streams
    slow: Places

    @property
    def limits(self) -> Limits:
        """What a request may ask for."""
        return self.settings.limits

    def install(self, app: Flask) -> None:
        """Make this the service of an application."""
        app.extensions[_EXTENSION] = self


def service() -> Service:
    """Return the service of the application that handles this request."""
    found: Service = current_app.extensions[_EXTENSION]
    return found
