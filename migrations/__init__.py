"""The history of the database schema, for Alembic; started by `services.store.migrate`."""
