"""PostgreSQL as the store: connections that never wait without bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy
from psycopg import errors
from sqlalchemy import Engine, event

from services.store import schema

if TYPE_CHECKING:
    from services.settings import Settings

#: Milliseconds that a transaction may stand idle, its process stopped, before the server ends it: it may
#: hold the lock on a job that others want to cancel.
_IDLE_IN_TRANSACTION = 5_000

#: Seconds that a connection from the pool has to show that it still works. It needs a millisecond.
_PING_SECONDS = 1.0


def connect(url: str, settings: Settings) -> Engine:
    """Make the engine for a PostgreSQL database; every wait on it ends by itself."""
    statement_milliseconds = round(settings.database_statement_seconds * 1000)
    lock_milliseconds = round(settings.database_wait_seconds * 1000)
    db_engine = sqlalchemy.create_engine(
        url,
        pool_size=settings.database_pool,
        max_overflow=0,
        pool_timeout=settings.database_wait_seconds,
        pool_pre_ping=True,
        use_native_hstore=False,
        connect_args={
            "application_name": "gradqueue",
            "target_session_attrs": "read-write",  # not a standby, which would refuse every job
            "connect_timeout": round(settings.database_wait_seconds),
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 2,
            "options": f"-c statement_timeout={statement_milliseconds} -c lock_timeout={lock_milliseconds} "
            f"-c idle_in_transaction_session_timeout={_IDLE_IN_TRANSACTION}",
        },
    )

    @event.listens_for(db_engine, "do_connect")
    def do_connect(_dialect: Any, _record: Any, args: list[Any], options: dict[str, Any]) -> Any:
        connection = _PatientConnection.connect(*args, **options)
        # A little more than the server has: where both give up, its message is the better one.
        connection.answer_seconds = settings.database_statement_seconds + 0.5
        return connection

    @event.listens_for(db_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        schema.check(connection)

    return db_engine


class _PatientConnection(psycopg.Connection[Any]):
    """A connection that gives up when the server is silent: frozen, or behind a dead network.

    `statement_timeout` cannot do this, for it is the silent server that would have to keep it.
    """

    answer_seconds = _PING_SECONDS

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if timeout is None:
            # SQLAlchemy's pool pings in autocommit mode, and nothing else is done in it.
            timeout = _PING_SECONDS if self.autocommit else self.answer_seconds
        try:
            return super().wait(gen, interval, timeout)
        except errors._WaitTimeout as error:
            self.close()
            raise psycopg.OperationalError("the database server does not answer") from error
