"""The JSON body of `POST /v1/datasets`: numbers as in a job, and names for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import ValidationError

from services.schemas.csv.cells import NAME_LENGTH, is_name
from services.schemas.csv.dataset import LEAST_ROWS, read_dataset
from services.schemas.data import inline
from services.schemas.dataset_request import InlineDataset
from services.schemas.documents import DatasetDocument
from services.schemas.fields import Refusal, refuse
from services.schemas.findings import Findings
from services.schemas.job_request import Name
from services.schemas.problems import invalid_input
from services.schemas.strict_json import parse
from services.schemas.vocabulary import Vocabulary

if TYPE_CHECKING:
    import nn.spec
    from nn.data import Dataset
    from services.settings import Limits


@dataclass(frozen=True, slots=True)
class Upload:
    """A dataset as somebody sent it; the names are the inputs' and then the targets', if they have any."""

    dataset: Dataset
    name: str | None
    column_names: list[str] | None


def _distinct_names(names: list[str]) -> list[str]:
    first = {name: place for place, name in reversed(list(enumerate(names)))}
    refusals = []
    for place, name in enumerate(names):
        if not is_name(name):
            detail = f"the name of a column has 1 to {NAME_LENGTH} printable characters"
            refusals.append(Refusal((place,), "column_name", detail))
        elif first[name] != place:
            refusals.append(Refusal((place,), "column_name", "an earlier column has this name too"))
    if refusals:
        raise refuse(*refusals)
    return names


ColumnNames = Annotated[
    list[Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": NAME_LENGTH})]],
    AfterValidator(_distinct_names),
    Field(description="The names of the inputs' columns, then of the targets'."),
]


class DatasetUpload(InlineDataset):
    """A dataset to be stored: at least two samples."""

    name: Name | None = None
    column_names: ColumnNames | None = None

    @model_validator(mode="after")
    def _as_many_names(self) -> Self:
        targets = 1 if isinstance(self.targets, list) else self.targets.shape[1]
        columns = self.inputs.shape[1] + targets
        if self.column_names is not None and len(self.column_names) != columns:
            detail = f"there are {columns} columns and {len(self.column_names)} names"
            raise refuse(Refusal(("column_names",), "inconsistent", detail))
        return self


_VOCABULARY = Vocabulary(
    DatasetUpload, read_only=frozenset(DatasetDocument.__annotations__) - DatasetUpload.model_fields.keys()
)


def from_json(body: bytes, limits: Limits) -> Upload:
    """Return the dataset in a JSON document.

    Raises:
        Malformed: the body is not strict JSON.
        InvalidInput: it is not an acceptable dataset; everything wrong is listed.
    """
    document: Any = parse(body, limits.depth)
    try:
        request = DatasetUpload.model_validate(document, context=limits)
    except ValidationError as error:
        raise invalid_input(error, _VOCABULARY) from None
    findings = Findings()
    if len(request.inputs) < LEAST_ROWS:
        findings.add("too_short", f"there must be at least {LEAST_ROWS} rows", "/inputs")
    dataset = inline(request, request.problem, findings, "")
    findings.raise_if_any()
    if dataset is None:
        raise AssertionError("a dataset is missing and no finding says why")
    return Upload(dataset, request.name, request.column_names)


def from_csv(
    body: bytes, limits: Limits, *, name: str | None, target: str | None, problem: nn.spec.Problem | None
) -> Upload:
    """Return the dataset in a CSV file, which is about to be called `name`.

    Raises:
        InvalidInput: it is not an acceptable dataset; every bad cell is listed.
    """
    dataset, names = read_dataset(body, limits, target=target, problem=problem)
    return Upload(dataset, name, list(names))
