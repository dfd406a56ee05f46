"""What an export holds: which tables, in which order, and what of a row is its bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, LargeBinary, Table, Text

from services.errors import UnreadableExport
from services.store import tables

#: The version of the form, raised when an older reader could take a file for something that it is not. A new
#: column or table needs no new version: whoever does not know it refuses it by its name.
VERSION = 1

#: The kind of the first record.
HEAD = "export"

#: What stands alone, in this order; then each job, followed by what is its own.
ALONE: tuple[Table, ...] = (tables.api_keys, tables.datasets, tables.models)
OF_A_JOB: tuple[Table, ...] = (tables.loss_chunks, tables.checkpoints, tables.idempotency_keys)

#: Not `workers`: those of one service are not another's.
ALL: dict[str, Table] = {table.name: table for table in (*ALONE, tables.jobs, *OF_A_JOB)}

#: The smallest and the largest number of a BIGINT.
_LEAST, _MOST = -(2**63), 2**63 - 1


def bytes_of(table: Table) -> str | None:
    """Return the name of the column that becomes a record's bytes, if the table has one."""
    return next((column.name for column in table.c if isinstance(column.type, LargeBinary)), None)


def columns_of(table: Table) -> list[str]:
    """Return the names of all columns."""
    return [column.name for column in table.c]


def check_columns(columns: Any) -> None:
    """Check what a file says of its columns: that each is known, and that none is missing that must be there.

    Raises:
        UnreadableExport: it was written by another version, or is no export.
    """
    if not isinstance(columns, dict) or not all(isinstance(names, list) for names in columns.values()):
        raise UnreadableExport("the file does not say which columns it has")
    strange = sorted(
        f"{name}.{column}" for name, names in columns.items() for column in _strange(name, names)
    )
    if strange:
        raise UnreadableExport(
            f"the file was written by a version that has more than this one: {', '.join(strange[:5])};"
            " import it with that version, or a newer one"
        )
    for name, table in ALL.items():
        absent = [c.name for c in table.c if _is_needed(c) and c.name not in columns.get(name, [c.name])]
        if absent:
            raise UnreadableExport(f"the file lacks {name}.{absent[0]}, which this version needs")


def check_row(table: Table, row: dict[str, Any], columns: Iterable[str]) -> None:
    """Check that a row has exactly these columns, each of its column's type.

    SQLite would store a text in a column of numbers, and whoever reads it next would fail.

    Raises:
        UnreadableExport: it has not.
    """
    if row.keys() != set(columns):
        raise UnreadableExport(f"a row of {table.name} has not the columns that the file says")
    for column in table.c:
        if column.name in row and not _fits(column, row[column.name]):
            raise UnreadableExport(f"a row of {table.name} has in {column.name} what cannot be there")


def _strange(name: str, columns: list[Any]) -> list[Any]:
    return [column for column in columns if name not in ALL or column not in ALL[name].c]


def _is_needed(column: Column[Any]) -> bool:
    return not column.nullable and column.server_default is None


def _fits(column: Column[Any], value: Any) -> bool:
    if value is None:
        return bool(column.nullable)
    kind = getattr(column.type, "impl_instance", column.type)
    match kind:
        case JSON():
            return True
        case Text():
            return isinstance(value, str)
        case Boolean():
            return isinstance(value, bool)
        case BigInteger():
            return isinstance(value, int) and not isinstance(value, bool) and _LEAST <= value <= _MOST
        case Double():
            return isinstance(value, float)
        case LargeBinary():
            return isinstance(value, bytes)
    raise TypeError(f"no rule for a column of type {kind}")
