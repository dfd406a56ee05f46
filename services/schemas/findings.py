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
            self._note(Problem(pointer, code, detail, row))

    def add_line(self, code: str, detail: str, line: int, column: int | None = None) -> None:
        """Note something wrong with a line, or a cell, of a file: lines and columns count from 1."""
        place = f"line {line}" if column is None else f"line {line}, column {column}"
        self._note(Problem("", code, f"{place}: {detail}", column=column, line=line))

    @property
    def found(self) -> int:
        """How many things are wrong so far."""
        return self._total

    def raise_if_any(self) -> None:
        """Go on only if nothing is wrong.

        Raises:
            InvalidInput: with everything found.
        """
        if self._problems:
            raise InvalidInput(self._problems, self._total)

    def _note(self, problem: Problem) -> None:
        self._total += 1
        if len(self._problems) < LISTED:
            self._problems.append(problem)
