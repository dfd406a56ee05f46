"""Models in the store: a trained network as bytes, with what a list shows of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from nn.model import Model
from services.store.clock import now_us
from services.store.rows import ModelRow, row_of
from services.store.sealed import Sealed
from services.store.tables import models

#: The columns of a `ModelRow`.
COLUMNS = [models.c[field.name] for field in dataclasses.fields(ModelRow)]


@dataclass(frozen=True, slots=True)
class Content:
    """A model ready to be stored; made before a transaction begins, because it encodes every weight."""

    weights_sha256: str
    problem: str
    inputs: int
    outputs: int
    epoch: int
    packed: Sealed

    @classmethod
    def of(cls, model: Model) -> Content:
        """Encode `model`."""
        outputs = len(model.layers[-1].biases)
        packed = Sealed.of(model.to_bytes())
        return cls(model.sha256, model.problem, model.inputs, outputs, model.epoch, packed)


def load(connection: Connection, model_id: str) -> Sealed | None:
    """Return a model, or None if there is none (any more); `opened` makes it usable."""
    row = connection.execute(
        select(models.c.sha256, models.c.data).where(models.c.id == model_id)
    ).one_or_none()
    return None if row is None else Sealed(row.sha256, bytes(row.data))


def opened(sealed: Sealed) -> Model:
    """Return a model that was loaded; do it after the transaction.

    Raises:
        Damaged: the bytes are not those that were stored.
    """
    return Model.from_bytes(sealed.opened())


def put(
    connection: Connection,
    model_id: str,
    owner: str,
    content: Content,
    *,
    name: str | None,
    job_id: str | None,
) -> ModelRow:
    """Store a model under a new id; `job_id` is None for an imported one."""
    row = connection.execute(
        insert(models)
        .values(
            id=model_id,
            owner=owner,
            name=name,
            job_id=job_id,
            created_at=now_us(),
            problem=content.problem,
            inputs=content.inputs,
            outputs=content.outputs,
            epoch=content.epoch,
            weights_sha256=content.weights_sha256,
            sha256=content.packed.sha256,
            data=content.packed.data,
        )
        .returning(*COLUMNS)
    ).one()
    return row_of(ModelRow, row)
