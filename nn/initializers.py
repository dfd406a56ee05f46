"""How parameters begin: every weight from U(-limit, limit), every bias 0.

The initializers differ in the limit only. Sources: "uniform" is the tutorial's; "xavier" is equation 16 of
X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010),
which Keras calls `glorot_uniform`; "he" is the uniform form of K. He et al., "Delving deep into rectifiers"
(2015), which Keras calls `he_uniform`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nn.randomness import Purpose, generator

if TYPE_CHECKING:
    from random import Random

    from nn.layout import Layout
    from nn.numerics import Floats
    from nn.spec import Initializer, Spec


def limit(initializer: Initializer, inputs: int, outputs: int) -> float:
    """Return the bound of the weights of a layer: 1, sqrt(6 / (inputs + outputs)) or sqrt(6 / inputs)."""
    if initializer == "xavier":
        return math.sqrt(6.0 / (inputs + outputs))
    if initializer == "he":
        return math.sqrt(6.0 / inputs)
    return 1.0


def draw(bound: float, count: int, random: Random) -> list[float]:
    """Return `count` numbers from U(-bound, bound), as `random.uniform(-bound, bound)` would."""
    width = bound + bound
    return [-bound + width * random.random() for _ in range(count)]


def initial_parameters(spec: Spec, layout: Layout) -> Floats:
    """Return the parameters (count,) every training of this spec begins with, in the flat order.

    Drawn layer by layer, neuron by neuron, input by input: what a new `MLP` draws.
    """
    random = generator(Purpose.INITIALIZATION, spec.training.seed)
    parameters = np.zeros(layout.count)
    for layer in layout.layers:
        bound = limit(spec.model.initializer, layer.inputs, layer.outputs)
        parameters[layer.weights] = draw(bound, layer.inputs * layer.outputs, random)
    return parameters
