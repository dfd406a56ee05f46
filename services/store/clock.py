"""The database's clock, the only one that the service's times and leases come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, case
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler

#: All times in the store are whole microseconds since 1970, UTC.
MICROSECONDS = 1_000_000


class now_us(FunctionElement[int]):  # noqa: N801 (written like the SQL function it stands for)
    """The database's time in microseconds since 1970, UTC: one value for a whole statement.

    PostgreSQL counts microseconds. SQLite's clock ticks in milliseconds.
    """

    type = BigInteger()
    name = "now_us"
    inherit_cache = True


@compiles(now_us, "postgresql")
def _postgresql(element: now_us, compiler: SQLCompiler, **options: Any) -> str:
    # statement_timestamp and not clock_timestamp: a stable function can be looked up in an index.
    return "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint"


@compiles(now_us, "sqlite")
def _sqlite(element: now_us, compiler: SQLCompiler, **options: Any) -> str:
    # unixepoch('subsec') would be shorter, but needs SQLite 3.42; %f is "SS.SSS".
    seconds = "CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
    milliseconds = "CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000"
    return f"({seconds} + {milliseconds})"


def microseconds(seconds: float) -> int:
    """Convert a duration in seconds."""
    return round(seconds * MICROSECONDS)


def elapsed_us(since: ColumnElement[int]) -> ColumnElement[int]:
    """Return the time from `since` until now; never negative, though clocks can be set back."""
    elapsed = now_us() - since
    return case((elapsed > 0, elapsed), else_=0)
