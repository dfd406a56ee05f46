"""Standardisation of inputs: each column minus its mean, over its standard deviation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nn.numerics import Floats, ordered_sum


@dataclass(frozen=True, slots=True, eq=False)
class Scaler:
    """`mean` (d,) and `scale` (d,) of the training inputs; part of the model."""

    mean: Floats
    scale: Floats

    @np.errstate(all="ignore")
    def apply(self, inputs: Floats) -> Floats:
        """Return (inputs - mean) / scale for inputs (n, d)."""
        return (inputs - self.mean) / self.scale


def fit_scaler(inputs: Floats) -> Scaler:
    """Return mean and population standard deviation of each column of inputs (n, d), sums in row order.

    A constant column keeps its scale (1), as in scikit-learn's `StandardScaler`; so does one whose variance
    is too small or too large for a double.
    """
    constant = inputs.min(axis=0) == inputs.max(axis=0)
    with np.errstate(all="ignore"):
        mean = np.where(constant, inputs[0], ordered_sum(inputs) / len(inputs))
        distance = inputs - mean
        scale = np.sqrt(ordered_sum(distance * distance) / len(inputs))
    usable = ~constant & (scale > 0.0) & np.isfinite(scale)
    return Scaler(mean, np.where(usable, scale, 1.0))
