"""What is added to a loss and its gradients besides the data: penalties on weights, and the limit on a step.

The penalty is Keras's: l1 sum |w| + l2 sum w^2 over the weights, not the biases, and not divided by samples.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nn.numerics import Floats, laned_sum

if TYPE_CHECKING:
    from nn.layout import Layout
    from nn.spec import TrainingSpec


@np.errstate(all="ignore")
def penalty(training: TrainingSpec, layout: Layout, parameters: Floats) -> float:
    """Return what the weights add to the loss; parts whose factor is 0 are left out.

    For each part, one laned sum per layer, the layers' sums added in order from 0.
    """
    total = 0.0
    if training.l1 != 0.0:
        total += training.l1 * _over_layers(layout, np.abs(parameters))
    if training.l2 != 0.0:
        total += training.l2 * _over_layers(layout, parameters * parameters)
    return total


def add_penalty_gradient(
    training: TrainingSpec, layout: Layout, parameters: Floats, gradients: Floats
) -> None:
    """Add to each weight's gradient l1 times the weight's sign (0 at 0), then 2 l2 times the weight."""
    for layer in layout.layers:
        weights, into = parameters[layer.weights], gradients[layer.weights]
        if training.l1 != 0.0:
            into += training.l1 * np.sign(weights)
        if training.l2 != 0.0:
            into += (2.0 * training.l2) * weights


def clip(gradients: Floats, largest: float) -> Floats:
    """Return the gradients, shortened to the norm `largest` if theirs, over all parameters, is greater."""
    norm = math.sqrt(laned_sum(gradients * gradients))
    return gradients * (largest / norm) if norm > largest else gradients


def _over_layers(layout: Layout, terms: Floats) -> float:
    total = 0.0
    for layer in layout.layers:
        total += laned_sum(terms[layer.weights])
    return total
