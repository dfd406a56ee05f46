"""The Flask application: views, errors and what goes around every request, put together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.routing import BaseConverter

from services.api import (
    authentication,
    datasets,
    documentation,
    events,
    health,
    jobs,
    metrics,
    models,
    problems,
    queue,
    results,
    telemetry,
)
from services.api.places import for_the_slow
from services.api.service import Rings, Service
from services.api.streams import Streams
from services.api.watcher import Watcher
from services.jobs import versions

if TYPE_CHECKING:
    from services.settings import Settings
    from services.store import Store


class _Id(BaseConverter):
    """What an id can look like; anything else in its place is an address that does not exist."""

    regex = "[0-9A-Za-z_]{1,64}"


def create_app(
    store: Store, doorbell: Rings, settings: Settings, *, is_stopping: Callable[[], bool] = lambda: False
) -> Flask:
    """Return the application. Several may exist in one process, each with its own parts.

    Once `is_stopping` says yes, nobody is made to wait any more.
    """
    app = Flask("gradqueue", static_folder=None)
    app.url_map.converters["id"] = _Id
    # A slash too many at the end is forgiven; other wrong addresses are 404, not redirects in HTML.
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    watcher = Watcher(partial(versions, store), is_stopping)
    slow = for_the_slow(settings.api_threads)
    streams = Streams(settings, slow)
    Service(store, doorbell, settings, is_stopping, watcher, streams, slow).install(app)
    telemetry.install(app)
    authentication.install(app, settings)
    problems.install(app)
    metrics.install(app)
    queue.install(app, store)
    for part in (jobs, results, events, models, datasets, queue, health, metrics, documentation):
        app.register_blueprint(part.blueprint)
    return app
