"""What CHECK constraints cannot say: a terminal job never changes, and stored epochs never change.

Made from `services.status`, like everything else about statuses. A migration that rebuilds one of these
tables on SQLite (Alembic's batch mode) drops its triggers and must create them again.
"""

from __future__ import annotations

from sqlalchemy import DDL, event

from services.status import TERMINAL, TRANSITIONS
from services.store.constraints import quoted
from services.store.tables import loss_chunks

_MOVES = quoted({f"{source} -> {t.target}" for t in TRANSITIONS.values() for source in t.sources})

#: An update of a job must leave its status or move it along an arrow; of a terminal job there is none.
_FORBIDDEN_MOVE = (
    f"OLD.status IN ({quoted(TERMINAL)}) OR "
    f"(OLD.status <> NEW.status AND OLD.status || ' -> ' || NEW.status NOT IN ({_MOVES}))"
)

SQLITE = (
    f"""CREATE TRIGGER jobs_moves BEFORE UPDATE ON jobs
WHEN {_FORBIDDEN_MOVE}
BEGIN SELECT RAISE(ABORT, 'this change of a job is not allowed by its status'); END""",
    """CREATE TRIGGER loss_chunks_are_final BEFORE UPDATE ON loss_chunks
BEGIN SELECT RAISE(ABORT, 'stored epochs never change'); END""",
)

POSTGRESQL = (
    """CREATE FUNCTION gradqueue_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'check_violation'; END $$""",
    f"""CREATE TRIGGER jobs_moves BEFORE UPDATE ON jobs FOR EACH ROW
WHEN ({_FORBIDDEN_MOVE})
EXECUTE FUNCTION gradqueue_refuse('this change of a job is not allowed by its status')""",
    """CREATE TRIGGER loss_chunks_are_final BEFORE UPDATE ON loss_chunks FOR EACH ROW
EXECUTE FUNCTION gradqueue_refuse('stored epochs never change')""",
)


def _attach() -> None:
    # After the later of the two tables: `metadata.create_all` creates jobs first, as chunks refer to it.
    for dialect, statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
        for statement in statements:
            ddl = DDL(  # type: ignore[no-untyped-call]
                statement
            ).execute_if(dialect=dialect)
            event.listen(loss_chunks, "after_create", ddl)


_attach()
