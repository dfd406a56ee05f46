"""Pages of a list, newest first, by key and not by offset: inserts and deletes never shift a page."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Connection, Select, Table, tuple_

from services.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from services.store.rows import AnyRow

R = TypeVar("R")

_KEY = re.compile(r"([0-9]{1,18})\.([a-z]{1,8}_[0-9a-z]{1,64})")


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows of a list; `next_cursor` continues it and is None on the last page."""

    rows: Sequence[R]
    next_cursor: str | None

    @property
    def has_more(self) -> bool:
        """Whether there are rows after these."""
        return self.next_cursor is not None


def fetch(
    connection: Connection, statement: Select[Any], table: Table, limit: int, after: str | None
) -> tuple[list[AnyRow], str | None]:
    """Return at most `limit` rows of `statement` after the cursor, and the cursor of the next page.

    Raises:
        InvalidInput: the cursor is not one of ours.
    """
    key = tuple_(table.c.created_at, table.c.id)
    if after is not None:
        statement = statement.where(key < tuple_(*_decoded(after)))
    newest_first = statement.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit + 1)
    rows = list(connection.execute(newest_first))
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], _encoded(rows[limit - 1])


def _encoded(row: AnyRow) -> str:
    return base64.urlsafe_b64encode(f"{row.created_at}.{row.id}".encode()).decode().rstrip("=")


def _decoded(cursor: str) -> tuple[int, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        text = ""
    match = _KEY.fullmatch(text)
    if match is None:
        raise InvalidInput([Problem("/after", "invalid_cursor", "this is not a cursor that a list returned")])
    return int(match[1]), match[2]
