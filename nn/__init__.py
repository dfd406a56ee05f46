"""Networks of scalars and how they are trained; `Module`, `Neuron`, `Layer` and `MLP` as the tutorial has them."""

from nn.network import MLP, Layer, Module, Neuron

__all__ = ["MLP", "Layer", "Module", "Neuron"]
