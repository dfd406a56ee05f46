"""Where each parameter is in the one flat array that checkpoints, digests, norms and optimizers use."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nn.numerics import Floats


@dataclass(frozen=True, slots=True)
class LayerLayout:
    """One layer's place in the flat array: the weights row by row, then the biases."""

    inputs: int
    outputs: int
    start: int

    @property
    def weights(self) -> slice:
        """The weights: `weights[j][i]`, which joins input i to neuron j, is element `j * inputs + i`."""
        return slice(self.start, self.start + self.outputs * self.inputs)

    @property
    def biases(self) -> slice:
        """The biases, one per neuron."""
        return slice(self.weights.stop, self.weights.stop + self.outputs)


@dataclass(frozen=True, slots=True)
class Layout:
    """The flat order of all parameters, layer by layer. `widths`: the inputs, then each layer's outputs."""

    widths: tuple[int, ...]

    @property
    def layers(self) -> tuple[LayerLayout, ...]:
        """Each layer's place, first layer first."""
        layers: list[LayerLayout] = []
        start = 0
        for inputs, outputs in pairwise(self.widths):
            layers.append(LayerLayout(inputs, outputs, start))
            start = layers[-1].biases.stop
        return tuple(layers)

    @property
    def weight_count(self) -> int:
        """The number of weights, which is also that of multiply-adds in one forward pass."""
        return sum(inputs * outputs for inputs, outputs in pairwise(self.widths))

    @property
    def training_work(self) -> int:
        """The multiply-adds of one training sample: forward, and backward for each weight and its input."""
        return 3 * self.weight_count

    @property
    def count(self) -> int:
        """The number of parameters, weights and biases."""
        return self.weight_count + sum(self.widths[1:])

    def split(self, flat: Floats) -> list[tuple[Floats, Floats]]:
        """Return each layer's weights (outputs, inputs) and biases (outputs,), views of `flat` (count,)."""
        return [
            (flat[layer.weights].reshape(layer.outputs, layer.inputs), flat[layer.biases])
            for layer in self.layers
        ]
