"""Networks of scalars, as the tutorial has them, and everything that trains them."""

from nn.network import MLP, Layer, Module, Neuron

__all__ = ["MLP", "Layer", "Module", "Neuron"]
