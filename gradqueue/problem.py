"""What goes wrong between a program and the service, as two exceptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict


class InputError(TypedDict):
    """One thing wrong with a request: where (a JSON pointer), what kind, and in words.

    `row` and `column` are the place in a table of numbers, counted from 0 as in the pointer. Of a CSV file
    there are no pointers: `line` and `column` count from 1.
    """

    pointer: str
    code: str
    detail: str
    row: NotRequired[int]
    column: NotRequired[int]
    line: NotRequired[int]


class Problem(Exception):
    """The service refused a request.

    `code` is stable and documented (`docs/problems/`), `detail` is for people, `status` is the HTTP
    status, and `errors` names every place of the input that is not acceptable.
    """

    def __init__(
        self, code: str, detail: str, *, status: int | None = None, errors: Sequence[InputError] = ()
    ) -> None:
        super().__init__(f"{detail} ({code})")
        self.code = code
        self.detail = detail
        self.status = status
        self.errors = tuple(errors)


class Unreachable(Problem):
    """No answer came: nothing listens at the address, or it did not answer in time."""

    def __init__(self, detail: str) -> None:
        super().__init__("unreachable", detail)
