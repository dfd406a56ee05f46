"""A line of numbers drawn with the dots of Braille characters."""

from __future__ import annotations

from collections.abc import Sequence

import plotille

#: Characters of the drawing itself; with the axis it fits the 80 columns of a classic terminal.
WIDTH, HEIGHT = 60, 10


def chart(epochs: Sequence[float], values: Sequence[float], name: str) -> str:
    """Return `values` over `epochs` (both non-empty, of one length) as lines of text."""
    low, high = min(values), max(values)
    figure = plotille.Figure()
    figure.width, figure.height = WIDTH, HEIGHT
    figure.with_colors = False
    figure.origin = False
    figure.x_label, figure.y_label = "epoch", name
    figure.x_ticks_fkt = lambda value, _: f"{value:.0f}"
    figure.y_ticks_fkt = lambda value, _: f"{value:.4g}"
    figure.set_x_limits(epochs[0], max(epochs[-1], epochs[0] + 1))
    figure.set_y_limits(low, high if high > low else low + 1.0)
    figure.plot(epochs, values)
    return "\n".join(line.rstrip(" ⠀") for line in figure.show().splitlines())
