"""The use cases of models: what a job's training left, or what a client imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select
from sqlalchemy import delete as sql_delete

from services.errors import NotFound
from services.ids import new_id
from services.store import Store, pages
from services.store import models as stored
from services.store.pages import Page
from services.store.rows import ModelRow, row_of
from services.store.tables import models

if TYPE_CHECKING:
    from nn.model import Model


def store_model(store: Store, model: Model, *, name: str | None = None, owner: str = "") -> ModelRow:
    """Store a model that no job of ours trained.

    Raises:
        Unavailable: the store cannot be reached now.
    """
    content = stored.Content.of(model)
    with store.transaction() as connection:
        return stored.put(connection, new_id("mdl"), owner, content, name=name, job_id=None)


def get(store: Store, model_id: str, owner: str = "") -> ModelRow:
    """Return what is known of a model.

    Raises:
        NotFound: no such model, or another owner's.
        Unavailable: the store cannot be reached now.
    """
    with store.reading() as connection:
        return _row(connection, model_id, owner)


def content(store: Store, model_id: str, owner: str = "") -> Model:
    """Return a model, ready to predict.

    Raises:
        NotFound: no such model, or another owner's.
        Damaged: the stored bytes are not those that were stored.
        Unavailable: the store cannot be reached now.
    """
    with store.reading() as connection:
        _row(connection, model_id, owner)
        sealed = stored.load(connection, model_id)
    if sealed is None:
        raise _not_found(model_id)
    return stored.opened(sealed)


def list_models(store: Store, limit: int, after: str | None = None, owner: str = "") -> Page[ModelRow]:
    """Return at most `limit` models, newest first, from the cursor `after` on.

    Raises:
        InvalidInput: the cursor is not one of ours.
        Unavailable: the store cannot be reached now.
    """
    statement = select(*stored.COLUMNS).where(models.c.owner == owner)
    with store.reading() as connection:
        rows, next_cursor = pages.fetch(connection, statement, models, limit, after)
    return Page([row_of(ModelRow, row) for row in rows], next_cursor)


def delete(store: Store, model_id: str, owner: str = "") -> None:
    """Delete a model. The job that trained it keeps its curve and the digest of its weights.

    Raises:
        NotFound: no such model, or another owner's.
        Unavailable: the store cannot be reached now.
    """
    mine = models.c.id == model_id, models.c.owner == owner
    with store.transaction() as connection:
        if connection.execute(sql_delete(models).where(*mine).returning(models.c.id)).first() is None:
            raise _not_found(model_id)


def _row(connection: Connection, model_id: str, owner: str) -> ModelRow:
    statement = select(*stored.COLUMNS).where(models.c.id == model_id, models.c.owner == owner)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise _not_found(model_id)
    return row_of(ModelRow, row)


def _not_found(model_id: str) -> NotFound:
    return NotFound(f"there is no model {model_id[:64]}")
