"""`/v1/datasets`: upload, list, look, read, delete."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, get_args

import orjson
from flask import Blueprint, Response

import nn.spec
from services import datasets
from services.api import parameters
from services.api.answers import JSON, json_answer, not_modified, nothing, tagged
from services.api.authentication import owner
from services.api.bodies import CSV, FORM, body_of
from services.api.forms import only_file
from services.api.operations import Answer, Operation, acceptable_form, described
from services.api.parameters import Query
from services.api.service import service
from services.errors import InvalidInput, Problem
from services.schemas import dataset as schema
from services.schemas.dataset_upload import DatasetUpload, from_csv, from_json
from services.schemas.documents import (
    DatasetContentDocument,
    DatasetsDocument,
    DescribedDatasetDocument,
    RowsDocument,
)

if TYPE_CHECKING:
    from services.schemas.dataset_upload import Upload

blueprint = Blueprint("datasets", __name__)

_FORMS = {"json": JSON, "csv": CSV}

_UPLOAD_QUERY = Query(
    (
        parameters.text("target", "CSV: the target's column, or several with commas between. Else the last."),
        parameters.choice(
            "problem", "CSV: what is to be learned. Else regression.", get_args(nn.spec.Problem)
        ),
        parameters.name("name", "CSV: what to call the dataset."),
    )
)
_LIST_QUERY = Query(
    (
        parameters.integer("limit", "Most datasets in the page.", least=1, most="page", default=20),
        parameters.text("after", "The `next_cursor` of the page before."),
    )
)
_ROWS_QUERY = Query(
    (
        parameters.integer("limit", "Most rows in the page.", least=1, most="page", default=20),
        parameters.integer(
            "after", "The `next_cursor` of the page before.", least=0, most=10**15, default=None
        ),
    )
)
_CONTENT_QUERY = Query((parameters.choice("format", "The form, whatever `Accept` says.", _FORMS),))


@blueprint.post("/v1/datasets")
@described(
    Operation(
        summary="Upload a dataset",
        tag="Datasets",
        query=_UPLOAD_QUERY,
        body=DatasetUpload,
        other_bodies=(CSV, FORM),
        answers={
            201: Answer("The dataset, which is new.", DescribedDatasetDocument),
            200: Answer("The dataset of this content that there was already.", DescribedDatasetDocument),
        },
        problems=("invalid_input",),
    )
)
def upload() -> Response:
    """Store a dataset; the same content again is the same dataset."""
    sent = _upload(_UPLOAD_QUERY.read())
    stored = datasets.store_dataset(
        service().store, sent.dataset, name=sent.name, column_names=sent.column_names, owner=owner()
    )
    status = HTTPStatus.CREATED if stored.created else HTTPStatus.OK
    response = json_answer(schema.describe(stored.row, sent.dataset), status=status)
    response.headers["Location"] = f"/v1/datasets/{stored.row.id}"
    return response


@blueprint.get("/v1/datasets")
@described(
    Operation(
        summary="List datasets, newest first",
        tag="Datasets",
        query=_LIST_QUERY,
        answers={200: Answer("A page of datasets, without their columns.", DatasetsDocument)},
        problems=("invalid_input",),
    )
)
def index() -> Response:
    """Return a page of datasets."""
    query = _LIST_QUERY.read()
    page = datasets.list_datasets(service().store, query["limit"], query["after"], owner())
    return json_answer(schema.present_page(page.rows, page.next_cursor))


@blueprint.get("/v1/datasets/<id:dataset_id>")
@described(
    Operation(
        summary="Look at a dataset",
        tag="Datasets",
        answers={200: Answer("The dataset, its columns, and warnings.", DescribedDatasetDocument)},
        problems=("not_found",),
    )
)
def show(dataset_id: str) -> Response:
    """Return what is known of a dataset."""
    whole = datasets.whole(service().store, dataset_id, owner())
    return json_answer(schema.describe(whole.row, whole.dataset))


@blueprint.get("/v1/datasets/<id:dataset_id>/rows")
@described(
    Operation(
        summary="Read some rows of a dataset",
        tag="Datasets",
        query=_ROWS_QUERY,
        answers={200: Answer("A page of rows: inputs, then targets.", RowsDocument)},
        problems=("not_found", "invalid_input"),
    )
)
def rows(dataset_id: str) -> Response:
    """Return a page of a dataset's rows."""
    query = _ROWS_QUERY.read()
    whole = datasets.whole(service().store, dataset_id, owner())
    return json_answer(schema.present_rows(whole.row, whole.dataset, query["after"], query["limit"]))


_CONTENT = Operation(
    summary="Download a dataset",
    tag="Datasets",
    query=_CONTENT_QUERY,
    headers=("If-None-Match",),
    answers={
        200: Answer("The dataset, to be uploaded again as it is.", DatasetContentDocument, (JSON, CSV)),
        304: Answer("It is the same.", media_types=()),
    },
    problems=("not_found", "invalid_input"),
)


@blueprint.get("/v1/datasets/<id:dataset_id>/content")
@described(_CONTENT)
def content(dataset_id: str) -> Response:
    """Return all of a dataset. Numbers never change; names may be given once, so they are in the tag."""
    media_type = _FORMS.get(_CONTENT_QUERY.read()["format"]) or acceptable_form(_CONTENT)
    row = datasets.get(service().store, dataset_id, owner())
    names = orjson.dumps([row.sha256, row.name, row.column_names, media_type])
    tag = hashlib.sha256(names).hexdigest()
    return not_modified(tag) or tagged(_content(dataset_id, media_type == CSV), tag)


@blueprint.delete("/v1/datasets/<id:dataset_id>")
@described(
    Operation(
        summary="Delete a dataset; jobs and models made from it stay",
        tag="Datasets",
        answers={204: Answer("The dataset is gone.", media_types=())},
        problems=("not_found", "dataset_in_use"),
    )
)
def delete(dataset_id: str) -> Response:
    """Delete a dataset."""
    datasets.delete(service().store, dataset_id, owner())
    return nothing()


def _upload(query: dict[str, Any]) -> Upload:
    media_type, body = body_of(JSON, CSV, FORM)
    if media_type == FORM:
        media_type, body = only_file(body)
    if media_type == CSV:
        return from_csv(body, service().limits, **query)
    misplaced = [name for name, value in query.items() if value is not None]
    if misplaced:
        detail = "this parameter is for CSV; a JSON document says it itself"
        raise InvalidInput([Problem(f"/{name}", "inconsistent", detail) for name in misplaced])
    return from_json(body, service().limits)


def _content(dataset_id: str, as_csv: bool) -> Response:
    whole = datasets.whole(service().store, dataset_id, owner())
    if as_csv:
        response = Response(schema.to_csv(whole.row, whole.dataset), content_type=f"{CSV}; charset=utf-8")
    else:
        response = Response(schema.to_json(whole.row, whole.dataset), content_type=JSON)
    # A browser that is led here saves a file: nobody's names are shown as a page of ours.
    response.headers["Content-Disposition"] = (
        f'attachment; filename="{dataset_id}.{"csv" if as_csv else "json"}"'
    )
    return response
