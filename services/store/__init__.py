"""The store: tables, queries and transactions. Nothing in here commits but `Store.transaction`."""

from services.store.store import Store

__all__ = ["Store"]
