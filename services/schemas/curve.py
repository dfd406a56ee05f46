"""The loss curve in its written forms: columns, CSV, one object per line; and thinned."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np
import orjson

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from services.schemas.documents import CurveDocument
    from services.store.curve import Curve

CurveFormat = Literal["json", "csv", "ndjson", "svg", "png"]
CURVE_FORMATS: tuple[CurveFormat, ...] = get_args(CurveFormat)


def present(job_id: str, curve: Curve, kept: NDArray[np.int64]) -> CurveDocument:
    """Return the curve in columns. `kept` are the places in the curve that are shown."""
    columns = dict(zip(_names(curve), _columns(curve, kept), strict=True))
    document = {"object": "loss_curve", "job_id": job_id, "epochs": columns.pop("epoch"), **columns}
    more = {"next_after_epoch": curve.last_epoch, "has_more": curve.has_more}
    return cast("CurveDocument", document | more)


def to_csv(curve: Curve, kept: NDArray[np.int64]) -> bytes:
    """Return a line per epoch after a line of names (RFC 4180). The rest is numbers."""
    rows = zip(*_columns(curve, kept), strict=True)
    lines = [",".join(_names(curve)), *(",".join(map(repr, row)) for row in rows)]
    return "".join(f"{line}\r\n" for line in lines).encode()


def to_ndjson(curve: Curve, kept: NDArray[np.int64]) -> bytes:
    """Return a JSON object per epoch and line."""
    names, rows = _names(curve), zip(*_columns(curve, kept), strict=True)
    return b"".join(orjson.dumps(dict(zip(names, row, strict=True))) + b"\n" for row in rows)


def thinned(curve: Curve, max_points: int | None) -> NDArray[np.int64]:
    """Return at most `max_points` places in the curve, or all if it is None or there are no more.

    First and last are among them. The curve is cut into equal stretches, of which each gives the places of
    every metric's lowest and highest value: what a picture of the whole curve would show.
    """
    length = curve.last_epoch - curve.first_epoch + 1
    if max_points is None or length <= max_points:
        return np.arange(length)
    metrics = list(curve.metrics.values())
    stretches = max((max_points - 2) // (2 * len(metrics)), 0)
    kept = {0, length - 1}
    bounds = np.linspace(0, length, stretches + 1).astype(np.int64).tolist() if stretches else []
    for begin, end in pairwise(bounds):
        for values in metrics:
            kept |= {begin + int(values[begin:end].argmin()), begin + int(values[begin:end].argmax())}
    return np.array(sorted(kept)[:max_points])


def _names(curve: Curve) -> list[str]:
    """Return the columns there are; a curve without epochs still has a loss."""
    return ["epoch", *(curve.metrics or ("train_loss",))]


def _columns(curve: Curve, kept: NDArray[np.int64]) -> list[list[float]]:
    values = list(curve.metrics.values()) or [np.empty(0)]
    return [(kept + curve.first_epoch).tolist(), *(column[kept].tolist() for column in values)]
