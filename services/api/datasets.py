"""`/v1/datasets`: look at a dataset that came with a job."""

from __future__ import annotations

from flask import Blueprint, Response

from services import datasets
from services.api.answers import json_answer
from services.api.authentication import owner
from services.api.operations import Answer, Operation, described
from services.api.service import service
from services.schemas import dataset as schema
from services.schemas.documents import DatasetDocument

blueprint = Blueprint("datasets", __name__)


@blueprint.get("/v1/datasets/<id:dataset_id>")
@described(
    Operation(
        summary="Look at a dataset",
        tag="Datasets",
        answers={200: Answer("The dataset, without its numbers.", DatasetDocument)},
        problems=("not_found",),
    )
)
def show(dataset_id: str) -> Response:
    """Return what is known of a dataset."""
    return json_answer(schema.present(datasets.get(service().store, dataset_id, owner())))
