"""Losses: how wrong one sample's predictions are. One table, from name to function over `Value`.

Each takes the predictions and targets of one sample, equally many, and is written with `Value`s
alone, so that the compiler can record it. A loss that treats every output alike is the sum of one term per
output, from the first; "mean" divides such a loss by samples and outputs, any other by samples.

The cross-entropies take the values before the sigmoid or softmax. That is exact where the usual route
through a probability would round it to 0 or 1 and take its logarithm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Literal, cast

from engine import Value

if TYPE_CHECKING:
    from nn.spec import Activation, Loss, OutputActivation, Problem, Spec, TrainingSpec

Target = Value | float
Term = Callable[[Value, Target], Value]
SampleLoss = Callable[[Sequence[Value], Sequence[Target]], Value]


def squared_error(prediction: Value, target: Target) -> Value:
    """Return (p - t)^2."""
    return (prediction - target) ** 2


def absolute_error(prediction: Value, target: Target) -> Value:
    """Return |p - t|; its gradient where p = t is 0."""
    return (prediction - target).abs()


def huber(prediction: Value, target: Target) -> Value:
    """Return e^2 / 2 where e = |p - t| is at most 1, else e - 1/2.

    P. J. Huber, "Robust estimation of a location parameter" (1964); Keras's `Huber` with its delta of 1.
    """
    error = (prediction - target).abs()
    inside = error.minimum(1.0)
    return inside * inside * 0.5 + (error - inside)


def hinge(prediction: Value, target: Target) -> Value:
    """Return max(0, 1 - t p), with t = -1 or 1; Keras's `Hinge`."""
    return (1.0 - prediction * target).relu()


def binary_cross_entropy(prediction: Value, target: Target) -> Value:
    """Return -log of the probability that sigmoid(p) gives to the target, which is 0 or 1.

    That is softplus of -p for target 1 and of p for target 0; Keras's `BinaryCrossentropy(from_logits=True)`.
    """
    return _softplus(prediction * (1.0 - target * 2.0))


def cross_entropy(predictions: Sequence[Value], targets: Sequence[Target]) -> Value:
    """Return -log of the probability that softmax(p) gives to the class with target 1 (the others have 0).

    With s = p - max(p), which changes no probability and keeps the exponentials below 1, that is
    log(sum of exp(s)) - sum of t s; Keras's `CategoricalCrossentropy(from_logits=True)`.
    """
    largest = reduce(Value.maximum, predictions).detach()
    minus_largest = -largest
    shifted = [prediction + minus_largest for prediction in predictions]
    total = reduce(add, [value.exp() for value in shifted])
    chosen = reduce(add, [value * target for value, target in zip(shifted, targets, strict=True)])
    return total.log() - chosen


def _softplus(x: Value) -> Value:
    """Return log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)), which cannot overflow.

    -|x| is written (x - relu(x)) - relu(x), so that both parts take the same side at x = 0, where a network
    of silent neurons begins, and the gradient there is the true 1/2.
    """
    positive = x.relu()
    return ((x - positive - positive).exp() + 1.0).log() + positive


def _summed(term: Term) -> SampleLoss:
    def loss(predictions: Sequence[Value], targets: Sequence[Target]) -> Value:
        return reduce(add, [term(p, t) for p, t in zip(predictions, targets, strict=True)])

    return loss


@dataclass(frozen=True, slots=True)
class LossRow:
    """One loss and what it expects.

    `elementwise`: one term per output, all alike. `outputs`: how many there must be; "any" number, "one", or
    one for each class ("classes"). `output_activations`: those a prediction may go through.
    `before_activation`: the loss takes the values before it. `targets`: how `nn.preparation` writes a class.
    `extends`: the function treats its outputs alike, however many there are, so that the compiler may
    conclude from few what it is for many.
    """

    function: SampleLoss
    elementwise: bool
    problem: Problem
    outputs: Literal["any", "one", "classes"]
    output_activations: tuple[OutputActivation, ...]
    before_activation: bool
    targets: Literal["numbers", "minus_one_or_one", "zero_or_one", "one_hot"]
    extends: bool = False


_ANY: tuple[OutputActivation, ...] = ("linear", "relu", "leaky_relu", "tanh", "sigmoid")

LOSSES: dict[Loss, LossRow] = {
    "squared_error": LossRow(_summed(squared_error), True, "regression", "any", _ANY, False, "numbers"),
    "absolute_error": LossRow(_summed(absolute_error), True, "regression", "any", _ANY, False, "numbers"),
    "huber": LossRow(_summed(huber), True, "regression", "any", _ANY, False, "numbers"),
    "hinge": LossRow(
        _summed(hinge), True, "classification", "one", ("linear", "tanh"), False, "minus_one_or_one"
    ),
    "binary_cross_entropy": LossRow(
        _summed(binary_cross_entropy), True, "classification", "one", ("sigmoid",), True, "zero_or_one"
    ),
    "cross_entropy": LossRow(
        cross_entropy, False, "classification", "classes", ("softmax",), True, "one_hot", extends=True
    ),
}


def loss_scale(training: TrainingSpec, samples: int, outputs: int) -> float:
    """Return what the sum of the samples' losses is multiplied by."""
    if training.reduction == "sum":
        return 1.0
    return 1.0 / (samples * outputs if LOSSES[training.loss].elementwise else samples)


def network_activations(spec: Spec) -> tuple[Activation, ...]:
    """Return the activation of every layer while training, where the last one's outputs go into the loss."""
    last = spec.model.output_activation
    return (
        *spec.model.activations,
        "linear" if LOSSES[spec.training.loss].before_activation else cast("Activation", last),
    )
