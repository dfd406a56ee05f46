"""Exporting: everything that the database holds at one moment, as a stream of records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, BinaryIO

from sqlalchemy import Connection, Table, select

from services.status import FILLED_IN, Status
from services.store import patient, schema, tables
from services.store.clock import now_us
from services.transfer.content import ALL, ALONE, HEAD, OF_A_JOB, VERSION, bytes_of, columns_of
from services.transfer.records import END, Writer

#: Rows fetched at once where a row is small, and where it may hold a whole dataset or model.
_SMALL, _LARGE = 500, 1
_FETCHED = {
    tables.datasets: _LARGE,
    tables.models: _LARGE,
    tables.checkpoints: _LARGE,
    tables.loss_chunks: 20,
}

Row = dict[str, Any]


def export(url: str, file: BinaryIO) -> Counter[str]:
    """Write everything in the database `url` to `file`; return how many rows of each table.

    The service may go on meanwhile: what is written is one moment. A job that runs at that moment is written
    as queued, with its checkpoint; the attempt does not count as lost.

    Raises:
        Unavailable: the database cannot be reached.
        SchemaMismatch: its tables are not those of this version.
    """
    counted: Counter[str] = Counter()
    with patient.reading(url) as connection:
        writer = Writer(file)
        writer.write(HEAD, _head(connection))
        for table, row in _rows(connection):
            data = row.pop(bytes_of(table) or "", b"")
            writer.write(table.name, row, data)
            counted[table.name] += 1
        writer.write(END, dict(counted))
    return counted


def _head(connection: Connection) -> Row:
    return {
        "version": VERSION,
        "gradqueue": version("gradqueue"),
        "revision": schema.REVISION,
        "created_at": connection.execute(select(now_us())).scalar_one(),
        "columns": {name: columns_of(table) for name, table in ALL.items()},
    }


def _rows(connection: Connection) -> Iterator[tuple[Table, Row]]:
    """Give every row: what stands alone first, then each job and after it what is its own."""
    for table in ALONE:
        for row in _all(connection, table, "id"):
            yield table, row
    belongings = [_Belongings(connection, table) for table in OF_A_JOB]
    for job in _all(connection, tables.jobs, "id"):
        yield tables.jobs, _at_rest(job)
        for belonging in belongings:
            for row in belonging.of(job["id"]):
                yield belonging.table, row


def _all(connection: Connection, table: Table, *order: str) -> Iterator[Row]:
    fetched = _FETCHED.get(table, _SMALL)
    statement = select(table).order_by(*(table.c[name] for name in order))
    for row in connection.execution_options(yield_per=fetched).execute(statement):
        yield dict(row._mapping)


class _Belongings:
    """The rows of a table that belong to jobs, read once, in step with the jobs."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self.table = table
        others = [column.name for column in table.primary_key.columns if column.name != "job_id"]
        self._rows = _all(connection, table, "job_id", *others)
        self._next = next(self._rows, None)

    def of(self, job_id: str) -> Iterator[Row]:
        while self._next is not None and self._next["job_id"] == job_id:
            yield self._next
            self._next = next(self._rows, None)


def _at_rest(job: Row) -> Row:
    """Return a job as it is when no worker has it: what a worker that hands it back leaves behind."""
    if job["status"] != Status.RUNNING:
        return job
    emptied = {column: None for column, statuses in FILLED_IN.items() if Status.RUNNING in statuses}
    return {**job, **emptied, "status": Status.QUEUED.value, "version": job["version"] + 1}
