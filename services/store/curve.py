"""The loss curve as it is stored: a chunk per flush, each metric's epochs as one run of doubles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, func, insert, select

from services.store.tables import loss_chunks

if TYPE_CHECKING:
    from services.store.rows import AnyRow

Floats = NDArray[np.float64]

#: How doubles are stored, whatever the machine: IEEE 754, least significant byte first.
_DOUBLE = np.dtype("<f8")


_MINE = loss_chunks.c.job_id == bindparam("job")

#: The chunk that holds the first wanted epoch is the last one that begins at or before it.
_FIRST_CHUNK = select(func.max(loss_chunks.c.first_epoch)).where(
    _MINE, loss_chunks.c.first_epoch <= bindparam("first")
)

_CHUNKS = (
    select(loss_chunks.c.first_epoch, loss_chunks.c.epochs, loss_chunks.c.metrics, loss_chunks.c.data)
    .where(_MINE, loss_chunks.c.first_epoch.between(_FIRST_CHUNK.scalar_subquery(), bindparam("last")))
    .order_by(loss_chunks.c.first_epoch)
)


@dataclass(frozen=True, slots=True)
class Curve:
    """A piece of a loss curve: the epochs `first_epoch ..` of every metric, in the order they are shown.

    All arrays have the same length, possibly 0. `has_more` tells whether the store has later epochs.
    """

    first_epoch: int
    metrics: dict[str, Floats]
    has_more: bool

    @property
    def last_epoch(self) -> int:
        """The last epoch in this piece; `first_epoch - 1` if there is none."""
        return self.first_epoch - 1 + next((len(values) for values in self.metrics.values()), 0)


def append(
    connection: Connection, job_id: str, attempt: int, first_epoch: int, metrics: Mapping[str, Floats]
) -> None:
    """Store the epochs from `first_epoch` on; no epochs, no chunk."""
    epochs = length(metrics)
    if epochs == 0:
        return
    connection.execute(
        insert(loss_chunks),
        {
            "job_id": job_id,
            "first_epoch": first_epoch,
            "epochs": epochs,
            "attempt": attempt,
            "metrics": list(metrics),
            "data": b"".join(np.ascontiguousarray(values, _DOUBLE).tobytes() for values in metrics.values()),
        },
    )


def read(connection: Connection, job_id: str, after_epoch: int, limit: int) -> Curve:
    """Read at most `limit` epochs after `after_epoch`, touching only the chunks that hold them.

    One epoch more than wanted is looked for, to know whether there are more.
    """
    last_wanted = after_epoch + limit
    wanted = {"job": job_id, "first": after_epoch + 1, "last": last_wanted + 1}
    chunks = connection.execute(_CHUNKS, wanted).all()
    metrics = _joined(chunks, after_epoch + 1, last_wanted)
    has_more = bool(chunks) and _last_epoch(chunks[-1]) > last_wanted
    return Curve(after_epoch + 1, metrics, has_more)


def same(first: Mapping[str, Floats], second: Mapping[str, Floats]) -> bool:
    """Say whether two curves have the same metrics with the same bits; -0.0 is not 0.0 here."""
    return {name: values.tobytes() for name, values in first.items()} == {
        name: values.tobytes() for name, values in second.items()
    }


def length(metrics: Mapping[str, Floats]) -> int:
    """Return how many epochs the arrays hold.

    Raises:
        ValueError: the arrays differ in length.
    """
    lengths = {len(values) for values in metrics.values()}
    if len(lengths) > 1:
        raise ValueError(f"metrics of different lengths: {sorted(lengths)}")
    return lengths.pop() if lengths else 0


def _joined(chunks: Iterable[AnyRow], first: int, last: int) -> dict[str, Floats]:
    pieces: dict[str, list[Floats]] = {}
    for chunk in chunks:
        columns = np.frombuffer(chunk.data, _DOUBLE).reshape(len(chunk.metrics), chunk.epochs)
        begin, end = max(first - chunk.first_epoch, 0), last + 1 - chunk.first_epoch
        for name, column in zip(chunk.metrics, columns, strict=True):
            pieces.setdefault(name, []).append(column[begin : max(end, 0)])
    return {name: np.concatenate(parts).astype(np.float64, copy=False) for name, parts in pieces.items()}


def _last_epoch(chunk: AnyRow) -> int:
    return int(chunk.first_epoch + chunk.epochs - 1)
