"""The body of `POST /v1/jobs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo
from pydantic_core import ValidationError

from nn.spec import Problem
from services.schemas.dataset_request import DatasetRequest
from services.schemas.documents import JobDocument
from services.schemas.fields import WHOLE, AtMost, Fields, Refusal, own_error, refuse
from services.schemas.model_request import ModelRequest
from services.schemas.problems import invalid_input
from services.schemas.training_request import TrainingRequest
from services.schemas.vocabulary import Vocabulary

if TYPE_CHECKING:
    from services.settings import Limits

#: Attempts lost to dying workers before a job fails.
DEFAULT_MAX_ATTEMPTS = 3


def _printable(text: str) -> str:
    """Refuse control characters and invisible ones: they could forge a line of a log or of a terminal."""
    if not text.isprintable():
        raise own_error("not_printable", "must have printable characters only")
    return text


Name = Annotated[str, Field(min_length=1), AtMost("name_length"), AfterValidator(_printable)]
Text = Annotated[str, AtMost("metadata_value_length")]


def _keys_fine(metadata: dict[str, str], info: ValidationInfo[Limits]) -> dict[str, str]:
    """Refuse keys that are empty, too long or not printable; pydantic's own check gives them no place."""
    longest = info.context.metadata_key_length
    strange = [key for key in metadata if not (0 < len(key) <= longest and key.isprintable())]
    if strange:
        detail = f"a key has 1 to {longest} printable characters"
        raise refuse(*(Refusal((key,), "metadata_key", detail) for key in strange))
    return metadata


#: JSON Schema's word for what keys may be.
_KEYS = {"propertyNames": {"minLength": 1, "x-limit": "metadata_key_length"}}


class LimitsRequest(Fields):
    """Bounds on the job itself."""

    timeout_seconds: Annotated[float, Field(gt=0), AtMost("timeout_seconds")] | None = None
    max_attempts: Annotated[int, Field(ge=1, le=100), WHOLE] = DEFAULT_MAX_ATTEMPTS


class JobRequest(Fields):
    """A job to train: at the least a dataset and the hidden layers of a model."""

    name: Name | None = None
    problem: Annotated[
        Problem | None,
        Field(description="Left out: as the dataset says, else regression. Labels need `classification`."),
    ] = None
    dataset: DatasetRequest
    model: ModelRequest
    training: TrainingRequest = TrainingRequest()
    limits: LimitsRequest = LimitsRequest()
    priority: Annotated[int, Field(ge=0, le=9, description="9 is the most urgent."), WHOLE] = 0
    metadata: Annotated[
        dict[str, Text],
        Field(json_schema_extra=_KEYS),
        AtMost("metadata_entries"),
        AfterValidator(_keys_fine),
    ] = Field(default_factory=dict)


_VOCABULARY = Vocabulary(
    JobRequest, read_only=frozenset(JobDocument.__annotations__) - JobRequest.model_fields.keys()
)


def read_job_request(document: Any, limits: Limits) -> JobRequest:
    """Return the request in a JSON document.

    Raises:
        InvalidInput: with every problem that can be seen without knowing stored datasets.
    """
    try:
        return JobRequest.model_validate(document, context=limits)
    except ValidationError as error:
        raise invalid_input(error, _VOCABULARY) from None
