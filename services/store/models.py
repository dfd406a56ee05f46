"""Models in the store: a trained network as bytes, with what a list shows of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select

from services.errors import Damaged
from services.store.clock import now_us
from services.store.rows import ModelRow, row_of
from services.store.tables import models

if TYPE_CHECKING:
    from nn.model import Model

#: All columns but the weights.
COLUMNS = [column for column in models.c if column.name != "data"]


@dataclass(frozen=True, slots=True)
class Content:
    """A model ready to be stored; made before a transaction begins, because it encodes every weight."""

    sha256: str
    problem: str
    inputs: int
    outputs: int
    epoch: int
    data: bytes

    @classmethod
    def of(cls, model: Model) -> Content:
        """Encode `model`."""
        outputs = len(model.layers[-1].biases)
        return cls(model.sha256, model.problem, model.inputs, outputs, model.epoch, model.to_bytes())


@dataclass(frozen=True, slots=True)
class Packed:
    """A stored model as bytes, to be opened once the transaction is over."""

    sha256: str
    data: bytes

    def opened(self) -> Model:
        """Return the model.

        Raises:
            Damaged: the bytes are not those that were stored.
        """
        from nn.model import Model

        try:
            model = Model.from_bytes(self.data)
        except ValueError:
            raise Damaged("a stored model is damaged") from None
        if model.sha256 != self.sha256:
            raise Damaged("a stored model is damaged")
        return model


def load(connection: Connection, model_id: str) -> Packed | None:
    """Return a model, still packed, or None if there is none (any more)."""
    row = connection.execute(
        select(models.c.weights_sha256, models.c.data).where(models.c.id == model_id)
    ).one_or_none()
    return None if row is None else Packed(row.weights_sha256, bytes(row.data))


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
            weights_sha256=content.sha256,
            data=content.data,
        )
        .returning(*COLUMNS)
    ).one()
    return row_of(ModelRow, row)
