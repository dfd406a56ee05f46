"""A list of what is wrong, which grows while checks go on, so that all of it is reported at once."""

from __future__ import annotations

from services.errors import InvalidInput, Problem
from services.schemas.problems import LISTED


class Findings:
    """What was found wrong so far. The first ones are kept, all are counted."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._total = 0

    def add(self, code: str, detail: str, *pointers: str, row: int | None = None) -> None:
        """Note something wrong; the same text for each of the places that contradict each other."""
        for pointer in pointers:
            self._total += 1
            if len(self._problems) < LISTED:
                self._problems.append(Problem(pointer, code, detail, row))

    def raise_if_any(self) -> None:
        """Go on only if nothing is wrong.

        Raises:
            InvalidInput: with everything found.
        """
        if self._problems:
            raise InvalidInput(self._problems, self._total)
