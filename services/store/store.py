"""The store: the database, and the only two ways to talk to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import Connection, Engine

from services.store import postgresql, sqlite
from services.store.failures import translated, translated_commit
from services.store.turns import Turns

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from services.settings import Settings


class Store:
    """The database of one process. Make it after a fork, never before; threads may share it."""

    def __init__(self, url: str, settings: Settings) -> None:
        if sqlalchemy.make_url(url).get_backend_name() == "postgresql":
            self._writer: Engine = postgresql.connect(url, settings)
            # Both are part of PostgreSQL's BEGIN and cost nothing: all statements see one moment.
            self._reader: Engine = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._turn: AbstractContextManager[None] = nullcontext()
        else:
            self._writer = self._reader = sqlite.connect(url, settings)
            self._turn = Turns(settings.database_wait_seconds)

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Connection]:
        """Write: committed at the end of the block, rolled back if it raises.

        With `durable` false a power cut may undo the transaction after it was committed (no fsync is
        waited for), though never only a part of it.

        Raises:
            Unavailable: the database cannot be reached, is locked, full or too slow.
            CommitUnknown: the connection broke during COMMIT.
        """
        options = {sqlite.WRITES: True, sqlite.DURABLE: durable}
        with translated(), self._turn, self._writer.connect() as connection:
            connection = connection.execution_options(**options)
            if not durable and connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            yield connection
            with translated_commit():
                connection.commit()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read: all statements of the block see the same moment, and none may write.

        Raises:
            Unavailable: the database cannot be reached or is too slow.
        """
        with translated(), self._reader.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection. The store may be used again and then opens new ones."""
        self._writer.dispose()
