"""`/v1/models`: what was trained, and predictions with it."""

from __future__ import annotations

from flask import Blueprint, Response

from services import models
from services.api import parameters
from services.api.answers import JSON, json_answer, not_modified, nothing, tagged
from services.api.authentication import owner
from services.api.bodies import CSV, body_of
from services.api.operations import Answer, Operation, described
from services.api.parameters import Query
from services.api.service import service
from services.schemas import model as schema
from services.schemas import weights as weights_schema
from services.schemas.csv.inputs import read_inputs
from services.schemas.documents import ModelDocument, ModelsDocument, PredictionsDocument, WeightsDocument

blueprint = Blueprint("models", __name__)

_LIST_QUERY = Query(
    (
        parameters.integer("limit", "Most models in the page.", least=1, most="page", default=20),
        parameters.text("after", "The `next_cursor` of the page before."),
    )
)


@blueprint.get("/v1/models")
@described(
    Operation(
        summary="List models, newest first",
        tag="Models",
        query=_LIST_QUERY,
        answers={200: Answer("A page of models.", ModelsDocument)},
        problems=("invalid_input",),
    )
)
def index() -> Response:
    """Return a page of models."""
    query = _LIST_QUERY.read()
    page = models.list_models(service().store, query["limit"], query["after"], owner())
    return json_answer(schema.present_page(page.rows, page.next_cursor))


@blueprint.get("/v1/models/<id:model_id>")
@described(
    Operation(
        summary="Look at a model",
        tag="Models",
        answers={200: Answer("The model.", ModelDocument)},
        problems=("not_found",),
    )
)
def show(model_id: str) -> Response:
    """Return what is known of a model."""
    return json_answer(schema.present(models.get(service().store, model_id, owner())))


@blueprint.get("/v1/models/<id:model_id>/weights")
@described(
    Operation(
        summary="Download a model's weights",
        tag="Models",
        headers=("If-None-Match",),
        answers={
            200: Answer("The network.", WeightsDocument),
            304: Answer("They are the same.", media_types=()),
        },
        problems=("not_found",),
    )
)
def weights(model_id: str) -> Response:
    """Return the weights; their digest is the entity tag."""
    row = models.get(service().store, model_id, owner())
    model = models.content(service().store, model_id, owner())
    return not_modified(model.sha256) or tagged(
        json_answer(weights_schema.present(model, row.job_id)), model.sha256
    )


@blueprint.post("/v1/models/<id:model_id>/predictions")
@described(
    Operation(
        summary="Predict",
        tag="Models",
        body=schema.PredictionsRequest,
        other_bodies=(CSV,),
        answers={200: Answer("One prediction per row.", PredictionsDocument)},
        problems=("not_found", "invalid_input"),
    )
)
def predict(model_id: str) -> Response:
    """Return the model's predictions for the rows sent."""
    media_type, body = body_of(JSON, CSV)
    read = read_inputs if media_type == CSV else schema.parse_inputs
    inputs = read(body, service().limits)
    model = models.content(service().store, model_id, owner())
    return json_answer(schema.predict(model, model_id, inputs, is_file=media_type == CSV))


@blueprint.delete("/v1/models/<id:model_id>")
@described(
    Operation(
        summary="Delete a model; its job stays",
        tag="Models",
        answers={204: Answer("The model is gone.", media_types=())},
        problems=("not_found",),
    )
)
def delete(model_id: str) -> Response:
    """Delete a model."""
    models.delete(service().store, model_id, owner())
    return nothing()
