"""Alembic's way in: runs the migrations on the connection it is given, in the transaction it is in.

`services.store.migrate` gives both. To write a migration, see docs/decisions/migrations.md.
"""

from __future__ import annotations

from alembic import context

from services.store.tables import bookkeeping, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[metadata, bookkeeping],
    render_as_batch=True,  # SQLite alters hardly anything in place
    transactional_ddl=True,  # on SQLite too: the transaction is ours, not the driver's
)
context.run_migrations()
