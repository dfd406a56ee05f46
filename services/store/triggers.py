"""What CHECK constraints cannot say: a terminal job never changes, and stored epochs never change.

Made from `services.status`, like everything else about statuses. A migration that rebuilds one of these
tables on SQLite (Alembic's batch mode) drops its triggers and must create them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.status import TERMINAL, TRANSITIONS
from services.store.constraints import quoted

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: An update of a job leaves its status or moves it along an arrow; of a terminal job there is no update.
FORBIDDEN_MOVE = f"""OLD.status IN ({quoted(TERMINAL)})
OR OLD.status <> NEW.status AND OLD.status || '->' || NEW.status NOT IN (
{quoted({f"{source}->{t.target}" for t in TRANSITIONS.values() for source in t.sources})})"""

SQLITE = (
    f"""CREATE TRIGGER jobs_moves BEFORE UPDATE ON jobs
WHEN {FORBIDDEN_MOVE}
BEGIN SELECT RAISE(ABORT, 'the status of this job does not allow this change'); END""",
    """CREATE TRIGGER loss_chunks_are_final BEFORE UPDATE ON loss_chunks
BEGIN SELECT RAISE(ABORT, 'stored epochs never change'); END""",
)

POSTGRESQL = (
    """CREATE FUNCTION gradqueue_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'check_violation'; END $$""",
    f"""CREATE TRIGGER jobs_moves BEFORE UPDATE ON jobs FOR EACH ROW
WHEN ({FORBIDDEN_MOVE})
EXECUTE FUNCTION gradqueue_refuse('the status of this job does not allow this change')""",
    """CREATE TRIGGER loss_chunks_are_final BEFORE UPDATE ON loss_chunks FOR EACH ROW
EXECUTE FUNCTION gradqueue_refuse('stored epochs never change')""",
)


def create(connection: Connection) -> None:
    """Create the triggers, after `metadata.create_all`. A migration has its own copy of them."""
    for statement in POSTGRESQL if connection.dialect.name == "postgresql" else SQLITE:
        connection.exec_driver_sql(statement)
