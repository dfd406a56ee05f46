"""Looking into the store as an administrator does: with plain SQL and none of the service's care."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import NullPool


def rows(url: str, statement: str, **parameters: Any) -> list[Any]:
    """Run a statement, with `:name` for each parameter, commit, and return the rows if there are any."""
    with sqlalchemy.create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.execute(sqlalchemy.text(statement), parameters)
        return list(result) if result.returns_rows else []
