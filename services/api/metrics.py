"""`/metrics`: the whole service in figures, in the form that Prometheus reads.

The requests are those of this process; all else comes from the store, the workers' own figures too, so any
API process tells all there is to know about all workers.
"""

from __future__ import annotations

import time
from http import HTTPMethod
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder

from services import jobs, workers
from services.api import figures
from services.api.queue import counts
from services.api.service import service
from services.errors import Unavailable

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

blueprint = Blueprint("metrics", __name__)

_REGISTRY = "gradqueue.registry"
_REQUESTS = "gradqueue.requests"

#: Upper ends of classes, in seconds: most requests take milliseconds, a long poll up to a minute.
_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

_METHODS = frozenset(HTTPMethod)


def install(app: Flask) -> None:
    """Measure every request of an application."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    app.extensions[_REGISTRY] = registry
    app.extensions[_REQUESTS] = Histogram(
        "gradqueue_http_request_seconds",
        "Time to answer a request, long polls included.",
        ("method", "address", "status"),
        buckets=_REQUEST_SECONDS,
        registry=registry,
    )
    app.after_request(_measure)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Return the figures. While the store is away, `gradqueue_store_up` is 0, and its figures are missing."""
    registry = CollectorRegistry()
    registry.register(current_app.extensions[_REGISTRY])
    registry.register(_of_the_store())
    encode, media_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(registry), content_type=media_type)


def _of_the_store() -> Collector:
    store = service().store
    try:
        return figures.Figures(
            counts(None), jobs.not_understood(store), workers.alive(store), workers.figures(store)
        )
    except Unavailable:
        return figures.NoFigures()


def _measure(response: Response) -> Response:
    # The pattern and not the address itself, and no invented methods: each new word would cost memory.
    rule = request.url_rule.rule if request.url_rule is not None else "none"
    method = request.method if request.method in _METHODS else "other"
    histogram: Histogram = current_app.extensions[_REQUESTS]
    histogram.labels(method, rule, response.status_code).observe(time.perf_counter() - g.began)
    return response
