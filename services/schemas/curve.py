"""The loss curve in its written forms (columns, CSV, an object per line), whole or thinned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
import orjson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nn.numerics import Floats
    from services.schemas.documents import CurveDocument
    from services.store.curve import Curve


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Some epochs of a curve: their numbers (k,) and, for each metric, their values (k,)."""

    epochs: NDArray[np.int64]
    metrics: dict[str, Floats]

    @classmethod
    def of(cls, curve: Curve) -> Points:
        """Return every epoch of a piece of a curve."""
        return cls(np.arange(curve.first_epoch, curve.last_epoch + 1), curve.metrics)

    @classmethod
    def joined(cls, pieces: Sequence[Points]) -> Points:
        """Return pieces that follow each other as one; at least one piece."""
        names = next((piece.metrics for piece in pieces if piece.metrics), {})
        full = [piece for piece in pieces if piece.metrics]
        metrics = {name: np.concatenate([piece.metrics[name] for piece in full]) for name in names}
        return cls(np.concatenate([piece.epochs for piece in pieces]), metrics)

    def slices(self, most: int) -> Iterator[Points]:
        """Yield the points in order, at most `most` at a time."""
        for begin in range(0, len(self.epochs), most):
            part = slice(begin, begin + most)
            yield Points(self.epochs[part], {name: values[part] for name, values in self.metrics.items()})

    def thinned(self, most: int) -> Points:
        """Return at most `most` of the points, first, last and the extremes of every metric among them.

        The curve is cut into equal stretches, and of each are kept the lowest and the highest value of every
        metric: what a picture of all of it would show. `most` is at least 2 + 2 per metric.
        """
        count = len(self.epochs)
        if count <= most:
            return self
        stretches = (most - 2) // (2 * len(self.metrics))
        kept = {0, count - 1}
        bounds = np.linspace(0, count, stretches + 1).astype(np.int64).tolist()
        for begin, end in pairwise(bounds):
            for values in self.metrics.values():
                part = values[begin:end]
                kept |= {begin + int(part.argmin()), begin + int(part.argmax())}
        places = np.array(sorted(kept))
        return Points(self.epochs[places], {name: values[places] for name, values in self.metrics.items()})


def present(job_id: str, curve: Curve, points: Points) -> CurveDocument:
    """Return points of a piece of a curve in columns, and where the next piece begins."""
    document = {
        "object": "loss_curve",
        "job_id": job_id,
        **columns(points),
        "next_after_epoch": curve.last_epoch,
        "has_more": curve.has_more,
    }
    return cast("CurveDocument", document)


def columns(points: Points) -> dict[str, list[float]]:
    """Return the points as columns of one length: `epochs`, and one for each metric."""
    names, (epochs, *values) = _table(points)
    return {"epochs": epochs, **dict(zip(names[1:], values, strict=True))}


def to_csv(points: Points) -> bytes:
    """Return a line of names and a line per epoch (RFC 4180); the rest is numbers."""
    names, values = _table(points)
    lines = [",".join(names), *(",".join(map(repr, row)) for row in zip(*values, strict=True))]
    return "".join(f"{line}\r\n" for line in lines).encode()


def to_ndjson(points: Points) -> bytes:
    """Return a JSON object per epoch, each on its line."""
    names, values = _table(points)
    rows = zip(*values, strict=True)
    return b"".join(orjson.dumps(dict(zip(names, row, strict=True))) + b"\n" for row in rows)


def _table(points: Points) -> tuple[list[str], list[list[float]]]:
    """Return names and columns, epochs first; a curve without epochs still has a loss."""
    metrics = points.metrics or {"train_loss": np.empty(0)}
    return ["epoch", *metrics], [points.epochs.tolist(), *(values.tolist() for values in metrics.values())]
