"""The loss curve as a picture: the losses over the epochs, as the tutorial plots them.

matplotlib's object interface: pyplot would keep every figure in a global list. matplotlib is slow to import,
so this module is imported when the first picture is asked for.
"""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Literal

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from services.schemas.curve import Points

#: Points drawn per curve: more than the picture has columns.
POINTS = 2_000

_SIZE_INCHES = (8.0, 4.5)
_DOTS_PER_INCH = 100
#: Losses that differ by more than this factor are drawn on a logarithmic axis.
_LOGARITHMIC_FROM = 1_000.0
_LINES = {"train_loss": ("training", "#1f5fa8"), "validation_loss": ("validation", "#d1651b")}

#: matplotlib says of itself that it is not for threads: its fonts are shared between figures.
_one_at_a_time = threading.Lock()

# Ids inside an SVG are random without this, and the same curve would not give the same bytes.
mpl.rcParams["svg.hashsalt"] = "gradqueue"


def draw(points: Points, title: str, kind: Literal["svg", "png"]) -> bytes:
    """Return the picture of a curve as an SVG or PNG file: the same bytes for the same curve."""
    picture = io.BytesIO()
    with _one_at_a_time:
        figure = Figure(figsize=_SIZE_INCHES, dpi=_DOTS_PER_INCH, layout="constrained")
        _plot(figure.add_subplot(), points, title)
        metadata = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
        figure.savefig(picture, format=kind, metadata=metadata)
    return picture.getvalue()


def _plot(axes: Axes, points: Points, title: str) -> None:
    losses = {name: points.metrics[name] for name in _LINES if name in points.metrics}
    for name, values in losses.items():
        label, colour = _LINES[name]
        marker = "o" if len(values) == 1 else None  # one epoch alone is no line
        axes.plot(points.epochs, values, color=colour, label=label, linewidth=1.6, marker=marker)
    everything = [
        float(value) for values in losses.values() if values.size for value in (values.min(), values.max())
    ]
    if everything and min(everything) > 0.0 and max(everything) / min(everything) > _LOGARITHMIC_FROM:
        axes.set_yscale("log")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    axes.set_title(title, parse_math=False)
    axes.grid(visible=True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    if len(losses) > 1:
        axes.legend(frameon=False)
