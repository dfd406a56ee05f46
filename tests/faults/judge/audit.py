"""Triggers that write down every change of a job while it happens, whoever makes it.

The last state of the store cannot tell whether a job was cancelled and ran on, or whether a stale attempt
wrote an epoch that a later one wrote again. These notes can. They are made in the transaction of the
change, so what is rolled back leaves none.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Connection, NullPool

_TABLE = {
    "sqlite": "CREATE TABLE audit (number INTEGER PRIMARY KEY AUTOINCREMENT, at_us BIGINT NOT NULL,"
    " job_id TEXT NOT NULL, what TEXT NOT NULL, status TEXT NOT NULL, attempt BIGINT NOT NULL,"
    " lost_attempts BIGINT NOT NULL, first_epoch BIGINT NOT NULL, last_epoch BIGINT NOT NULL)",
    "postgresql": "CREATE TABLE audit (number BIGSERIAL PRIMARY KEY, at_us BIGINT NOT NULL,"
    " job_id TEXT NOT NULL, what TEXT NOT NULL, status TEXT NOT NULL, attempt BIGINT NOT NULL,"
    " lost_attempts BIGINT NOT NULL, first_epoch BIGINT NOT NULL, last_epoch BIGINT NOT NULL)",
}

#: The time in microseconds since 1970 as SQL.
_NOW = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
    "postgresql": "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
}

_COLUMNS = "job_id, what, status, attempt, lost_attempts, first_epoch, last_epoch"

#: Trigger name: event and table, then id, what, status, attempt, lost attempts, first and last epoch.
_NOTED = {
    "audit_job_new": (
        "INSERT ON jobs",
        "NEW.id, 'new', NEW.status, NEW.attempt, NEW.lost_attempts, 0, NEW.epoch",
    ),
    "audit_job": (
        "UPDATE ON jobs",
        "NEW.id, 'job', NEW.status, NEW.attempt, NEW.lost_attempts, 0, NEW.epoch",
    ),
    "audit_job_gone": (
        "DELETE ON jobs",
        "OLD.id, 'gone', OLD.status, OLD.attempt, OLD.lost_attempts, 0, OLD.epoch",
    ),
    "audit_chunk": (
        "INSERT ON loss_chunks",
        "NEW.job_id, 'chunk', '', NEW.attempt, 0, NEW.first_epoch, NEW.first_epoch + NEW.epochs - 1",
    ),
    "audit_checkpoint": (
        "INSERT ON checkpoints",
        "NEW.job_id, 'checkpoint', '', NEW.attempt, 0, NEW.epoch, NEW.epoch",
    ),
}


@dataclass(frozen=True, slots=True)
class Note:
    """One change: of a job's row (`what` is new, job or gone), or a chunk or checkpoint that was added.

    `at_us` is the database's time in microseconds since 1970. Chunks and checkpoints have no status.
    """

    number: int
    at_us: int
    job_id: str
    what: str
    status: str
    attempt: int
    lost_attempts: int
    first_epoch: int
    last_epoch: int


def install(url: str) -> None:
    """Make the table and the triggers in a store whose tables exist."""
    db_engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    dialect = db_engine.dialect.name
    with db_engine.begin() as connection:
        connection.exec_driver_sql(_TABLE[dialect])
        for name, (event, values) in _NOTED.items():
            note = f"INSERT INTO audit ({_COLUMNS}, at_us) VALUES ({values}, {_NOW[dialect]});"
            for statement in _trigger(dialect, name, event, note):
                connection.exec_driver_sql(statement)


def remove(url: str) -> None:
    """Undo `install`."""
    db_engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    with db_engine.begin() as connection:
        for name, (event, _) in _NOTED.items():
            if db_engine.dialect.name == "sqlite":
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            else:
                connection.exec_driver_sql(f"DROP TRIGGER {name} ON {event.split()[-1]}")
                connection.exec_driver_sql(f"DROP FUNCTION {name}")
        connection.exec_driver_sql("DROP TABLE audit")


def _trigger(dialect: str, name: str, event: str, note: str) -> list[str]:
    if dialect == "sqlite":
        return [f"CREATE TRIGGER {name} AFTER {event} BEGIN {note} END"]
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {note} RETURN NULL; END $$",
        f"CREATE TRIGGER {name} AFTER {event} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def read(connection: Connection) -> list[Note]:
    """Return all notes in the order in which the changes of each job were made."""
    columns = ", ".join(Note.__slots__)
    rows = connection.exec_driver_sql(f"SELECT {columns} FROM audit ORDER BY number")
    return [Note(*row) for row in rows]
