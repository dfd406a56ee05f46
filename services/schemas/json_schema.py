"""JSON Schemas of requests and documents, with the service's limits written in."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from services.settings import Limits

#: Where the OpenAPI document keeps its schemas.
REFERENCE = "#/components/schemas/{model}"

_BOUND_OF_TYPE = {"array": "maxItems", "string": "maxLength", "object": "maxProperties"}


def schemas_of(types: list[type], limits: Limits) -> dict[str, Any]:
    """Return the schema of every type, and of every type in them, by name."""
    adapters: list[tuple[type, Any, TypeAdapter[Any]]] = [
        (type_, "validation", TypeAdapter(type_)) for type_ in types
    ]
    _, together = TypeAdapter.json_schemas(adapters, ref_template=REFERENCE)
    return {name: _with_limits(schema, asdict(limits)) for name, schema in together["$defs"].items()}


def _with_limits(schema: Any, limits: dict[str, int]) -> Any:
    """Replace the name of a limit (see `fields.AtMost`) by the bound that the type has for it."""
    if isinstance(schema, list):
        return [_with_limits(item, limits) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: _with_limits(value, limits) for key, value in schema.items() if key != "title"}
    if "x-limit" in schema:
        is_text = "minLength" in schema  # the name of a property has no type: it is always a text
        bound = "maxLength" if is_text else _BOUND_OF_TYPE.get(schema.get("type", ""), "maximum")
        schema[bound] = min(limits[schema.pop("x-limit")], schema.get(bound, float("inf")))
    return schema
