"""Stored models and their predictions as clients see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import ValidationError

from nn.numerics import Floats
from services.errors import InvalidInput, Problem
from services.schemas.dataset_request import INPUTS_SCHEMA
from services.schemas.fields import Fields
from services.schemas.problems import invalid_input
from services.schemas.strict_json import parse
from services.schemas.table import read_inputs
from services.schemas.times import timestamp
from services.schemas.vocabulary import Vocabulary

if TYPE_CHECKING:
    from nn.model import Model
    from services.schemas.documents import ModelDocument, ModelsDocument, PredictionsDocument
    from services.settings import Limits
    from services.store.rows import ModelRow


class PredictionsRequest(Fields):
    """Rows to predict for, each as wide as the model's inputs."""

    inputs: Annotated[Floats, PlainValidator(read_inputs), WithJsonSchema(INPUTS_SCHEMA)]


_VOCABULARY = Vocabulary(PredictionsRequest)


def present(model: ModelRow) -> ModelDocument:
    """Return the model's document."""
    base = f"/v1/models/{model.id}"
    return {
        "id": model.id,
        "object": "model",
        "name": model.name,
        "created_at": timestamp(model.created_at),
        "job_id": model.job_id,
        "problem": model.problem,  # type: ignore[typeddict-item]
        "inputs": model.inputs,
        "outputs": model.outputs,
        "epoch": model.epoch,
        "weights_sha256": model.weights_sha256,
        "links": {"self": base, "weights": f"{base}/weights", "predictions": f"{base}/predictions"},
    }


def present_page(models: Sequence[ModelRow], next_cursor: str | None) -> ModelsDocument:
    """Return a page of models."""
    return {
        "data": [present(model) for model in models],
        "has_more": next_cursor is not None,
        "next_cursor": next_cursor,
    }


def parse_inputs(body: bytes, limits: Limits) -> Floats:
    """Return the rows (n, d) of a predictions request.

    Raises:
        Malformed: the body is not strict JSON.
        InvalidInput: it has no proper inputs.
    """
    document: Any = parse(body, limits.depth)
    try:
        return PredictionsRequest.model_validate(document, context=limits).inputs
    except ValidationError as error:
        raise invalid_input(error, _VOCABULARY) from None


def predict(model: Model, model_id: str, inputs: Floats, *, is_file: bool = False) -> PredictionsDocument:
    """Return the model's predictions for inputs (n, d); `is_file` if they stand in the lines of a CSV file.

    Raises:
        InvalidInput: the rows are not as wide as the model's inputs, or a prediction is not a finite number.
    """
    if inputs.shape[1] != model.inputs:
        detail = f"the rows have {inputs.shape[1]} columns, and the model has {model.inputs} inputs"
        place = (
            Problem("", "width", detail, line=1) if is_file else Problem("/inputs/0", "width", detail, row=0)
        )
        raise InvalidInput([place])
    outputs = model.predict(inputs)
    strange = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
    if strange.size:
        raise InvalidInput([_too_large(int(strange[0]), is_file)])
    if model.labels is None:
        values = outputs[:, 0].tolist() if outputs.shape[1] == 1 else outputs.tolist()
        return {"object": "predictions", "model_id": model_id, "predictions": values}
    labels = list(model.labels)
    document: PredictionsDocument = {
        "object": "predictions",
        "model_id": model_id,
        "predictions": [labels[index] for index in model.classes(outputs).tolist()],
        "labels": labels,
    }
    probabilities = _probabilities(model, outputs)
    if probabilities is not None:
        document["probabilities"] = probabilities.tolist()
    return document


def _too_large(row: int, is_file: bool) -> Problem:
    detail = "the network's output for it is too large for a double"
    if is_file:
        line = row + 2  # below the header; a row that is accepted has one line
        return Problem("", "not_finite", f"line {line}: {detail}", line=line)
    return Problem(f"/inputs/{row}", "not_finite", f"row {row}: {detail}", row=row)


def _probabilities(model: Model, outputs: Floats) -> Floats | None:
    """Return one column per label; None if the outputs are scores and no probabilities (hinge)."""
    match model.layers[-1].activation:
        case "softmax":
            return outputs
        case "sigmoid":
            return np.hstack([1.0 - outputs, outputs])
        case _:
            return None
