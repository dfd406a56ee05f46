"""The network of the tutorial: modules made of scalars, each of which prints itself."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

from engine import Value
from nn import initializers
from nn.activations import ACTIVATIONS, PRINTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nn.spec import Activation, Initializer


class Module:
    """Anything with trainable numbers."""

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def parameters(self) -> list[Value]:
        """Return every parameter."""
        return []


class Neuron(Module):
    """A weighted sum of the inputs plus a bias, then an activation.

    Args:
        number_inputs: how many inputs there are; each gets a weight from U(-limit, limit).
        name: what the neuron is called when printed.
        is_nonlinear: False leaves the activation out.
        activation: a name from `nn.activations.ACTIVATIONS`.
        limit: bound of the first weights; the bias begins at 0.
        generator: where they are drawn from; None is the one that `random.seed` sets.
    """

    def __init__(
        self,
        number_inputs: int,
        name: object,
        is_nonlinear: bool = True,
        *,
        activation: Activation = "relu",
        limit: float = 1.0,
        generator: random.Random | None = None,
    ) -> None:
        draws = initializers.draw(limit, number_inputs, generator or _SHARED)
        self.weights = [Value(weight) for weight in draws]
        self.bias = Value(0.0)
        self.name = name
        self.activation: Activation = activation if is_nonlinear else "linear"
        self._activate = ACTIVATIONS[self.activation]

    @property
    def is_nonlinear(self) -> bool:
        """Whether there is an activation."""
        return self.activation != "linear"

    @property
    def w(self) -> list[Value]:
        """The weights, under micrograd's name."""
        return self.weights

    @property
    def b(self) -> Value:
        """The bias, under micrograd's name."""
        return self.bias

    def __call__(self, x: Sequence[Value | float]) -> Value:
        """Return activation(((bias + w0 x0) + w1 x1) + ...), the terms in input order."""
        total = self.bias
        for weight, value in zip(self.weights, x, strict=True):
            total = total + weight * value
        return self._activate(total)

    def parameters(self) -> list[Value]:
        """Return the weights, then the bias."""
        return [*self.weights, self.bias]

    def __repr__(self) -> str:
        return f"Neuron {self.name}(Number={len(self.weights)}, Non-Linearity={PRINTED[self.activation]})"


class Layer(Module):
    """Neurons side by side on the same inputs.

    Args:
        number_inputs: how many inputs there are.
        number_outputs: how many neurons there are.
        name: what the layer is called when printed.
        is_nonlinear: False leaves the activation out.
        activation: see `Neuron`.
        initializer: decides the bound of the first weights; see `nn.initializers`.
        generator: see `Neuron`.
    """

    def __init__(
        self,
        number_inputs: int,
        number_outputs: int,
        name: object,
        is_nonlinear: bool = True,
        *,
        activation: Activation = "relu",
        initializer: Initializer = "uniform",
        generator: random.Random | None = None,
    ) -> None:
        limit = initializers.limit(initializer, number_inputs, number_outputs)
        self.neurons = [
            Neuron(
                number_inputs, index, is_nonlinear, activation=activation, limit=limit, generator=generator
            )
            for index in range(number_outputs)
        ]
        self.name = name

    def outputs(self, x: Sequence[Value | float]) -> list[Value]:
        """Return the output of every neuron, always as a list."""
        return [neuron(x) for neuron in self.neurons]

    def __call__(self, x: Sequence[Value | float]) -> list[Value] | Value:
        """Return the list of outputs, or the output itself if there is one."""
        outputs = self.outputs(x)
        return outputs[0] if len(outputs) == 1 else outputs

    def parameters(self) -> list[Value]:
        """Return the parameters neuron by neuron."""
        return [parameter for neuron in self.neurons for parameter in neuron.parameters()]

    def __repr__(self) -> str:
        lines = "\n".join(f"    - {neuron}" for neuron in self.neurons)
        return f"Layer {self.name} \n{lines}\n"


class MLP(Module):
    """A multilayer perceptron: layers, each fed by the one before.

    Args:
        number_inputs: how many inputs there are.
        list_number_outputs: the width of each layer, the last one included.
        activation: of the hidden layers; one name, or one for each.
        output_activation: of the last layer, linear in the tutorial.
        initializer: see `nn.initializers`.
        generator: see `Neuron`.
    """

    def __init__(
        self,
        number_inputs: int,
        list_number_outputs: Sequence[int],
        *,
        activation: Activation | Sequence[Activation] = "relu",
        output_activation: Activation = "linear",
        initializer: Initializer = "uniform",
        generator: random.Random | None = None,
    ) -> None:
        hidden = len(list_number_outputs) - 1
        activations = [activation] * hidden if isinstance(activation, str) else list(activation)
        if len(activations) != hidden:
            raise ValueError(f"{hidden} hidden layers cannot have {len(activations)} activations")
        self.layers = [
            Layer(inputs, outputs, index, activation=each, initializer=initializer, generator=generator)
            for index, ((inputs, outputs), each) in enumerate(
                zip(
                    pairwise((number_inputs, *list_number_outputs)),
                    (*activations, output_activation),
                    strict=True,
                )
            )
        ]

    def outputs(self, x: Sequence[Value | float]) -> list[Value]:
        """Return every output of the last layer, always as a list."""
        values: Sequence[Value | float] = x
        for layer in self.layers[:-1]:
            values = layer.outputs(values)
        return self.layers[-1].outputs(values)

    def __call__(self, x: Sequence[Value | float]) -> list[Value] | Value:
        """Return the list of outputs, or the output itself if there is one."""
        outputs = self.outputs(x)
        return outputs[0] if len(outputs) == 1 else outputs

    def parameters(self) -> list[Value]:
        """Return the parameters layer by layer, neuron by neuron."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def __repr__(self) -> str:
        lines = "\n".join(f"  - {layer}" for layer in self.layers)
        return f"MLP of \n{lines}"


#: The generator behind the functions of the `random` module: what the tutorial's reader seeds.
_SHARED: random.Random = random._inst
