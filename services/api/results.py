"""What a job has learned: its loss curve in several forms, and its weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson
from flask import Blueprint, Response

from services import jobs
from services.api import parameters
from services.api.answers import JSON, json_answer, not_modified, tagged
from services.api.authentication import owner
from services.api.operations import Answer, Operation, acceptable_form, described
from services.api.parameters import Query
from services.api.service import service
from services.schemas import curve as schema
from services.schemas import weights as weights_schema
from services.schemas.curve import Points
from services.schemas.documents import CurveDocument, WeightsDocument

if TYPE_CHECKING:
    from services.store.curve import Curve

blueprint = Blueprint("results", __name__)

#: The least of `max_points`: first, last, and both extremes of each of the six metrics there can be.
_LEAST_POINTS = 14

_MEDIA_TYPES = {
    "json": JSON,
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "svg": "image/svg+xml",
    "png": "image/png",
}
#: An SVG file opened by itself is a page, and its styles are in it.
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

_FORMS = {media_type: form for form, media_type in _MEDIA_TYPES.items()}

_CURVE_QUERY = Query(
    (
        parameters.integer("after_epoch", "Only later epochs.", least=0, most=10**15, default=0),
        parameters.integer("limit", "Most epochs to look at.", least=1, most="curve_page", default=10_000),
        parameters.integer(
            "max_points",
            "Thin the epochs to about this many; every metric's extremes stay.",
            least=_LEAST_POINTS,
            most="curve_page",
            default=None,
        ),
        parameters.choice("format", "The form, whatever `Accept` says.", _MEDIA_TYPES),
    )
)
_WEIGHTS_QUERY = Query(
    (parameters.integer("epoch", "A kept checkpoint.", least=0, most=10**15, default=None),)
)

_CURVE = Operation(
    summary="Read the loss curve",
    tag="Jobs",
    query=_CURVE_QUERY,
    answers={
        200: Answer("The loss and the other metrics of every epoch.", CurveDocument, (*_FORMS,)),
    },
    problems=("not_found", "invalid_input"),
)


@blueprint.get("/v1/jobs/<id:job_id>/loss-curve")
@described(_CURVE)
def loss_curve(job_id: str) -> Response:
    """Return a piece of the loss curve; the pictures show all of it from `after_epoch` on."""
    query = _CURVE_QUERY.read()
    form = query["format"] or _FORMS[acceptable_form(_CURVE) or JSON]
    if form in ("svg", "png"):
        return _picture(job_id, query["after_epoch"], form)
    curve = jobs.loss_curve(service().store, job_id, query["after_epoch"], query["limit"], owner())
    points = Points.of(curve)
    if query["max_points"] is not None:
        points = points.thinned(query["max_points"])
    return Response(_WRITERS[form](job_id, curve, points), content_type=_content_type(form))


@blueprint.get("/v1/jobs/<id:job_id>/weights")
@described(
    Operation(
        summary="Download the trained weights",
        tag="Jobs",
        query=_WEIGHTS_QUERY,
        headers=("If-None-Match",),
        answers={
            200: Answer("The network: of the model, or of the newest checkpoint.", WeightsDocument),
            304: Answer("They are the same.", media_types=()),
        },
        problems=("not_found", "no_weights", "invalid_input"),
    )
)
def weights(job_id: str) -> Response:
    """Return the weights; their digest is the entity tag."""
    model = jobs.weights(service().store, job_id, owner(), epoch=_WEIGHTS_QUERY.read()["epoch"])
    return not_modified(model.sha256) or tagged(
        json_answer(weights_schema.present(model, job_id)), model.sha256
    )


def _json(job_id: str, curve: Curve, points: Points) -> bytes:
    return orjson.dumps(schema.present(job_id, curve, points))


def _csv(_job_id: str, _curve: Curve, points: Points) -> bytes:
    return schema.to_csv(points)


def _ndjson(_job_id: str, _curve: Curve, points: Points) -> bytes:
    return schema.to_ndjson(points)


_WRITERS: dict[str, Callable[[str, Curve, Points], bytes]] = {"json": _json, "csv": _csv, "ndjson": _ndjson}


def _picture(job_id: str, after_epoch: int, form: Any) -> Response:
    from services.schemas import picture

    job, store = jobs.get(service().store, job_id, owner()), service().store
    page = service().limits.curve_page
    curve = jobs.loss_curve(store, job_id, after_epoch, page, job.owner)
    pieces = [Points.of(curve).thinned(picture.POINTS)]
    while curve.has_more:
        curve = jobs.loss_curve(store, job_id, curve.last_epoch, page, job.owner)
        pieces.append(Points.of(curve).thinned(picture.POINTS))
    points = Points.joined(pieces).thinned(picture.POINTS)
    # matplotlib's own font has no other scripts than those around Latin.
    title = job.name if job.name is not None and job.name.isascii() else job.id
    response = Response(picture.draw(points, title, form), content_type=_content_type(form))
    response.headers["Content-Security-Policy"] = _PICTURE_POLICY
    return response


def _content_type(form: str) -> str:
    return f"{_MEDIA_TYPES[form]}; charset=utf-8" if form == "csv" else _MEDIA_TYPES[form]
