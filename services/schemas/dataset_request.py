"""Datasets as a client gives them: inline, by id, or by the name of a generator."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import (
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)

from nn.data import Label
from nn.generators import GeneratorName
from nn.numerics import Floats
from nn.spec import Problem
from services.schemas.fields import (
    LARGEST_EXACT_INTEGER,
    VARIANT,
    WHOLE,
    AtMost,
    Fields,
    Refusal,
    refuse,
)
from services.schemas.table import read_inputs, read_targets

#: Larger seeds than JavaScript can count would not come back as they were sent.
Seed = Annotated[int, Field(ge=0, le=LARGEST_EXACT_INTEGER), WHOLE]

#: Rows a generator makes at most: half a second's work in plain Python, which the request waits for.
MOST_GENERATED = 100_000

_NUMBER = {"type": "number"}
_ROW = {"type": "array", "minItems": 1, "items": _NUMBER}
INPUTS_SCHEMA = {
    "type": "array",
    "minItems": 1,
    "x-limit": "rows",
    "items": _ROW,
    "description": "One row of numbers per sample.",
}
_TARGETS = {
    "type": "array",
    "minItems": 1,
    "x-limit": "rows",
    "items": {"oneOf": [_NUMBER, {"type": "string"}, _ROW]},
    "description": "One number, label, or row of numbers per sample.",
}


class InlineDataset(Fields):
    """Inputs (n, d) and targets in the request itself."""

    problem: Problem | None = None
    inputs: Annotated[Floats, PlainValidator(read_inputs), WithJsonSchema(INPUTS_SCHEMA)]
    targets: Annotated[Floats | list[Label], PlainValidator(read_targets), WithJsonSchema(_TARGETS)]

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        inputs, targets = len(self.inputs), len(self.targets)
        if inputs != targets:
            detail = (
                f"inputs has {inputs} rows and targets has {targets}: row {min(inputs, targets)} has no pair"
            )
            raise refuse(
                Refusal(("inputs",), "inconsistent", detail), Refusal(("targets",), "inconsistent", detail)
            )
        return self


class StoredDataset(Fields):
    """A dataset that the service has already."""

    id: Annotated[str, Field(min_length=1, max_length=100)]
    problem: Problem | None = None


class GeneratedDataset(Fields):
    """A dataset made by the service: the same name, rows, noise and seed give the same numbers."""

    generator: GeneratorName
    rows: Annotated[int, Field(ge=2, le=MOST_GENERATED), AtMost("rows"), WHOLE] = 100
    noise: Annotated[float, Field(ge=0, le=100)] = 0.1
    seed: Seed = 0
    problem: Problem | None = None


def _variant(value: Any) -> str:
    keys = value if isinstance(value, dict) else {}
    if "id" in keys:
        return f"{VARIANT}stored"
    return f"{VARIANT}generated" if "generator" in keys else f"{VARIANT}inline"


DatasetRequest = Annotated[
    Annotated[InlineDataset, Tag(f"{VARIANT}inline")]
    | Annotated[StoredDataset, Tag(f"{VARIANT}stored")]
    | Annotated[GeneratedDataset, Tag(f"{VARIANT}generated")],
    Discriminator(_variant),
]
