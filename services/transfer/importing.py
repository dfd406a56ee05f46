"""Importing: what the database does not have yet, in one transaction or not at all."""

from __future__ import annotations

from collections import Counter
from typing import Any, BinaryIO

from sqlalchemy import Connection, Table, and_, exc, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.errors import UnreadableExport
from services.formats import UNDERSTOOD
from services.status import TERMINAL
from services.store import patient, tables
from services.store.tables import datasets
from services.transfer.content import ALL, HEAD, OF_A_JOB, VERSION, bytes_of, check_columns, check_row
from services.transfer.records import END, Record, read

#: Bytes, and rows, that wait to be inserted at once.
_BYTES, _ROWS = 4 * 2**20, 500

Row = dict[str, Any]


def import_(url: str, file: BinaryIO) -> Counter[str]:
    """Store everything in `file` that the database `url` does not have; return how many rows of each table.

    A job that is there already, by its id, stays as it is, with all that belongs to it: a file may be
    imported again. A dataset whose owner has the same content is not stored twice. One transaction, committed
    when the file has turned out to be whole; the service may go on meanwhile.

    Raises:
        UnreadableExport: the file is damaged, or not understood; nothing was stored.
        Unavailable: the database cannot be reached.
        SchemaMismatch: its tables are not those of this version.
    """
    records = read(file)
    columns = _columns(next(records))
    with patient.writing(url) as connection:
        target = _Target(connection)
        found: Counter[str] = Counter()
        for record in records:
            if record.kind == END:
                _check_end(record, found)
                break
            table, row = _row(record, columns)
            found[table.name] += 1
            target.add(table, row)
        target.insert()
        # Whatever follows the end makes the file unreadable.
        next(records, None)
        return target.new


def _columns(head: Record) -> dict[str, list[str]]:
    if head.kind != HEAD:
        raise UnreadableExport("the file does not begin as an export does")
    if head.values.get("version") != VERSION:
        raise UnreadableExport(
            f"the file is an export of version {head.values.get('version')}, and this gradqueue reads"
            f" version {VERSION}"
        )
    columns = head.values.get("columns")
    check_columns(columns)
    return dict(columns or {})


def _row(record: Record, columns: dict[str, list[str]]) -> tuple[Table, Row]:
    table = ALL.get(record.kind)
    if table is None or record.kind not in columns:
        raise UnreadableExport(f"the file has a record of the kind {record.kind!r}, which it must not have")
    row, data = record.values, bytes_of(table)
    if data is not None:
        row = {**row, data: record.data}
    check_row(table, row, columns[table.name])
    return table, row


def _check_end(end: Record, found: Counter[str]) -> None:
    if end.values != dict(found):
        raise UnreadableExport("the file has not as many rows as it says at its end")


class _Target:
    """The database being imported to; rows are collected and inserted many at a time."""

    def __init__(self, connection: Connection) -> None:
        self.new: Counter[str] = Counter()
        self._connection = connection
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        #: Only keys can be taken by something else than what is imported: then they stay that one's.
        self._inserts = {
            name: dialect.insert(table).on_conflict_do_nothing()
            if table in (tables.idempotency_keys, tables.api_keys)
            else dialect.insert(table)
            for name, table in ALL.items()
        }
        self._waiting: dict[str, list[Row]] = {name: [] for name in ALL}
        self._bytes = self._rows = 0
        #: The job whose belongings come now; None if it was there before.
        self._job: str | None = None
        #: Ids of datasets in the file that are there under another id.
        self._known_as: dict[str, str] = {}

    def add(self, table: Table, row: Row) -> None:
        """Take a row, unless the database has it."""
        is_new = row["job_id"] == self._job if table in OF_A_JOB else not self._is_known(table, row)
        if table is tables.jobs:
            self._job = row["id"] if is_new else None
            row = self._prepared(row)
        if not is_new:
            return
        self._waiting[table.name].append(row)
        self._rows += 1
        self._bytes += len(row.get(bytes_of(table) or "", b""))
        if self._bytes >= _BYTES or self._rows >= _ROWS:
            self.insert()

    def insert(self) -> None:
        """Insert what was taken, in the order in which rows refer to each other."""
        try:
            for name, rows in self._waiting.items():
                if rows:
                    self._connection.execute(self._inserts[name], rows)
                    self.new[name] += len(rows)
                    rows.clear()
        except (exc.IntegrityError, exc.DataError) as error:
            reason = str(error.orig).splitlines()[0]
            raise UnreadableExport(f"the database refuses what the file holds: {reason}") from error
        self._bytes = self._rows = 0

    def _prepared(self, job: Row) -> Row:
        if job.get("format", 1) not in UNDERSTOOD and job["status"] not in TERMINAL:
            raise UnreadableExport(
                f"the job {job['id']} is of format {job['format']}, which this version does not understand"
            )
        for column in ("dataset_id", "validation_dataset_id"):
            job[column] = self._known_as.get(job[column], job[column])
        return job

    def _is_known(self, table: Table, row: Row) -> bool:
        if table is datasets:
            return self._is_known_dataset(row)
        if table is tables.api_keys:
            return self._is_known_key(row)
        return self._connection.scalar(select(table.c.id).where(table.c.id == row["id"])) is not None

    def _is_known_dataset(self, row: Row) -> bool:
        """Look for a dataset by its content; it stays for its own sake if it does so in either database."""
        statement = (
            update(datasets)
            .where(datasets.c.owner == row["owner"], datasets.c.sha256 == row["sha256"])
            .values(
                inline=and_(datasets.c.inline, literal(row["inline"])),
                name=func.coalesce(datasets.c.name, row["name"]),
            )
            .returning(datasets.c.id)
        )
        known = self._connection.execute(statement).scalar_one_or_none()
        if known is not None and known != row["id"]:
            self._known_as[row["id"]] = known
        return known is not None

    def _is_known_key(self, row: Row) -> bool:
        """Look for an API key; if it was revoked in either database, it is revoked."""
        keys = tables.api_keys
        revoked = func.coalesce(keys.c.revoked_at, row["revoked_at"])
        statement = update(keys).where(keys.c.id == row["id"]).values(revoked_at=revoked).returning(keys.c.id)
        return self._connection.execute(statement).first() is not None
