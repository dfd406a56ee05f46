"""PostgreSQL as the store: connections that never wait without bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy
from psycopg import errors
from sqlalchemy import Engine

if TYPE_CHECKING:
    from services.settings import Settings

#: Milliseconds that a transaction may stand idle, its process stopped, before the server ends it: it may
#: hold the lock on a job that others want to cancel.
_IDLE_IN_TRANSACTION = 5_000


def connect(url: str, settings: Settings) -> Engine:
    """Make the engine for a PostgreSQL database; every wait on it ends by itself."""
    statement = round(settings.database_statement_seconds * 1000)
    lock = round(settings.database_wait_seconds * 1000)
    answer_seconds = settings.database_statement_seconds + 0.5  # the server's own time-out comes first

    class PatientConnection(psycopg.Connection[Any]):
        """A connection that gives up when the server is silent: frozen, or behind a dead network.

        `statement_timeout` cannot do this, for it is the silent server that would have to keep it.
        """

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, answer_seconds if timeout is None else timeout)
            except errors._WaitTimeout as error:
                self.close()
                raise psycopg.OperationalError("the database server does not answer") from error

    return sqlalchemy.create_engine(
        url,
        pool_size=settings.database_pool,
        max_overflow=0,
        pool_timeout=settings.database_wait_seconds,
        pool_pre_ping=True,
        connect_args={
            "application_name": "gradqueue",
            "connect_timeout": max(1, round(settings.database_wait_seconds)),
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 2,
            "options": f"-c statement_timeout={statement} -c lock_timeout={lock} "
            f"-c idle_in_transaction_session_timeout={_IDLE_IN_TRANSACTION} -c timezone=UTC",
        },
    )
