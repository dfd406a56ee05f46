"""A trained network and all that is needed to use it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import elementary
from engine.operations import LEAKY_SLOPE
from nn.layout import Layout
from nn.metrics import first_largest
from nn.packing import pack, unpack
from nn.scaling import Scaler
from nn.state import TrainingState, initial_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nn.data import Label
    from nn.numerics import Floats
    from nn.preparation import Prepared
    from nn.spec import OutputActivation, Problem, Spec


@dataclass(frozen=True, slots=True, eq=False)
class TrainedLayer:
    """One layer: `weights` (outputs, inputs), `weights[j][i]` joins input i to neuron j, and `biases`."""

    weights: Floats
    biases: Floats
    activation: OutputActivation


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network: `scaler` for its inputs and `labels` of its classes belong to it.

    `epoch` is the epoch whose parameters these are.

    Raises:
        ValueError: the layers do not fit each other, the inputs, the scaler or the labels.
    """

    inputs: int
    layers: tuple[TrainedLayer, ...]
    scaler: Scaler | None
    labels: tuple[Label, ...] | None
    problem: Problem
    epoch: int

    def __post_init__(self) -> None:
        width = self.inputs
        for number, layer in enumerate(self.layers):
            if layer.weights.shape != (len(layer.biases), width):
                raise ValueError(f"layer {number} should have weights for {width} inputs")
            width = len(layer.biases)
        if self.scaler is not None and not self.scaler.mean.shape == self.scaler.scale.shape == (
            self.inputs,
        ):
            raise ValueError(f"the scaler should have {self.inputs} columns")
        if (self.labels is None) != (self.problem == "regression"):
            raise ValueError("a model has labels if and only if it classifies")
        if self.labels is not None and max(2, width) != len(self.labels):
            raise ValueError(f"{width} outputs cannot tell {len(self.labels)} labels apart")

    @cached_property
    def sha256(self) -> str:
        """The digest of everything a prediction depends on: 64 hexadecimal digits."""
        return hashlib.sha256(pack("weights", self._facts(), self._arrays())).hexdigest()

    @np.errstate(all="ignore")
    def predict(self, inputs: Floats) -> Floats:
        """Return the outputs (n, m) for inputs (n, inputs), after the output activation.

        Bit for bit what the network on `Value`s gives: each sum begins with the bias and takes the inputs in
        order, for all samples and neurons at once.
        """
        values = inputs if self.scaler is None else self.scaler.apply(inputs)
        for layer in self.layers:
            sums = np.repeat(layer.biases[np.newaxis], len(values), axis=0)
            products = np.empty_like(sums)
            for column, weights in zip(values.T, layer.weights.T, strict=True):
                np.multiply.outer(column, weights, out=products)
                sums += products
            values = _ACTIVATE[layer.activation](sums)
        return np.ascontiguousarray(values)

    def classes(self, outputs: Floats) -> NDArray[np.int64]:
        """Return the index of the predicted class (n,) for outputs (n, m) of `predict`.

        Of several outputs the first largest; of one, class 1 above the middle: 0.5 after a sigmoid, else 0.
        """
        if outputs.shape[1] > 1:
            return np.array([first_largest(row) for row in outputs.tolist()], dtype=np.int64)
        middle = 0.5 if self.layers[-1].activation == "sigmoid" else 0.0
        return (outputs[:, 0] > middle).astype(np.int64)

    def to_bytes(self) -> bytes:
        """Return the model as bytes; equal models give equal bytes."""
        facts = {**self._facts(), "problem": self.problem, "epoch": self.epoch}
        return pack("model", facts, self._arrays())

    @classmethod
    def from_bytes(cls, packed: bytes) -> Model:
        """Return the model that `to_bytes` packed; its arrays are read-only views of `packed`.

        Raises:
            Unreadable: these are not the bytes of a model.
        """
        facts, arrays = unpack("model", packed)
        layers = tuple(
            TrainedLayer(arrays[f"weights_{number}"], arrays[f"biases_{number}"], activation)
            for number, activation in enumerate(facts["activations"])
        )
        scaler = Scaler(arrays["mean"], arrays["scale"]) if "mean" in arrays else None
        labels = None if facts["labels"] is None else tuple(facts["labels"])
        return cls(facts["inputs"], layers, scaler, labels, facts["problem"], facts["epoch"])

    def _facts(self) -> dict[str, Any]:
        return {
            "inputs": self.inputs,
            "activations": [layer.activation for layer in self.layers],
            "labels": None if self.labels is None else list(self.labels),
        }

    def _arrays(self) -> dict[str, Floats]:
        arrays = {} if self.scaler is None else {"mean": self.scaler.mean, "scale": self.scaler.scale}
        for number, layer in enumerate(self.layers):
            arrays |= {f"weights_{number}": layer.weights, f"biases_{number}": layer.biases}
        return arrays


def model_of(spec: Spec, prepared: Prepared, parameters: Floats, epoch: int) -> Model:
    """Return the model with these parameters (count,), which are those of `epoch`."""
    inputs = prepared.train_inputs.shape[1]
    layout = Layout((inputs, *spec.model.layers))
    activations = (*spec.model.activations, spec.model.output_activation)
    layers = tuple(
        TrainedLayer(weights.copy(), biases.copy(), activation)
        for (weights, biases), activation in zip(layout.split(parameters), activations, strict=True)
    )
    return Model(inputs, layers, prepared.scaler, prepared.labels, spec.problem, epoch)


def model_of_checkpoint(spec: Spec, prepared: Prepared, checkpoint: bytes) -> Model:
    """Return the model of a checkpoint: of its last completed epoch, or of the best if it ended the training.

    Raises:
        Unreadable: the checkpoint is damaged or belongs to another training.
    """
    layout = Layout((prepared.train_inputs.shape[1], *spec.model.layers))
    state = TrainingState.from_bytes(checkpoint, initial_state(spec, layout))
    return model_of(spec, prepared, state.kept, state.kept_epoch)


def _each(function: Callable[[float], float]) -> Callable[[Floats], Floats]:
    def activate(sums: Floats) -> Floats:
        return np.array([function(value) for value in sums.ravel().tolist()]).reshape(sums.shape)

    return activate


def _softmax(sums: Floats) -> Floats:
    """Return exp(z - max(z)) over their sum, taken in output order."""
    powers = _each(elementary.exp)(sums - sums.max(axis=1, keepdims=True))
    total = np.add.accumulate(powers, axis=1)[:, -1:]
    normalised: Floats = powers / total
    return normalised


#: The activations over arrays; each is, element by element, the engine's own operation.
_ACTIVATE: dict[OutputActivation, Callable[[Floats], Floats]] = {
    "linear": lambda sums: sums,
    "relu": lambda sums: np.where(sums < 0.0, 0.0, sums),
    "leaky_relu": lambda sums: np.where(sums < 0.0, LEAKY_SLOPE * sums, sums),
    "tanh": _each(elementary.tanh),
    "sigmoid": _each(elementary.sigmoid),
    "softmax": _softmax,
}
