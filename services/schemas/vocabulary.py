"""Which fields a document may have and where, to explain one that it may not have."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from services.schemas.strict_json import clip

if TYPE_CHECKING:
    from services.schemas.fields import Location

#: Similarity from which a name is taken for a slip of another ("learing_rate": 0.96, "epoch": 0.91).
CLOSE = 0.75


class Vocabulary:
    """The field names of a model and of everything in it, by the place where they stand.

    `read_only` are top-level names that the service sets and a client cannot.
    """

    def __init__(self, model: type[BaseModel], read_only: frozenset[str] = frozenset()) -> None:
        self._read_only = read_only
        self._places: dict[Location, set[str]] = {}
        for place, name in _fields(model, ()):
            self._places.setdefault(place, set()).add(name)

    def explain(self, location: Location) -> tuple[str, str]:
        """Return code and text for a field that is not known at this location."""
        *place, name = location
        if not place and name in self._read_only:
            return "read_only_field", "the service sets this field; it cannot be sent"
        return "unknown_field", f"there is no such field{self._hint(tuple(place), str(name))}"

    def _hint(self, place: Location, name: str) -> str:
        here = {known: known for known in self._places.get(place, ())}
        elsewhere = {
            known: "/".join(map(str, ("", *other, known)))
            for other, names in self._places.items()
            for known in names
        }
        for choices in (here, elsewhere):
            nearest = difflib.get_close_matches(clip(name), choices, n=1, cutoff=CLOSE)
            if nearest:
                return f"; did you mean '{choices[nearest[0]]}'?"
        return ""


def _fields(annotation: Any, place: Location) -> Iterator[tuple[Location, str]]:
    """Yield every field below an annotation: a model, or a union or list that has models in it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield place, name
            yield from _fields(field.annotation, (*place, name))
    for argument in get_args(annotation):
        yield from _fields(argument, place)
