"""The parts of a training that are not sums of products, as code: the activations and the loss."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from engine.compiler.code import Code, assemble
from engine.compiler.opcodes import COPY
from engine.compiler.recording import record, record_gradient
from nn.activations import ACTIVATIONS
from nn.losses import LOSSES

if TYPE_CHECKING:
    from nn.spec import Activation, Loss


@dataclass(frozen=True, slots=True)
class ActivationCode:
    """An activation's rows are (input, grad, value), and those of its gradient (input, value, grad,
    gradient)."""

    forward: Code
    backward: Code


@cache
def activation_code(name: Activation) -> ActivationCode | None:
    """Return the code of an activation, None if it is the identity."""
    function = ACTIVATIONS[name]
    forward = record(lambda values: function(values[0]), ["input"], [])
    if [each.opcode for each in forward.instructions] == [COPY]:
        return None
    return ActivationCode(assemble(forward), assemble(record_gradient(lambda values: function(values[0]))))


@cache
def loss_code(name: Loss, width: int) -> Code:
    """Return the code of a loss of so many outputs: rows (predictions, targets, grad, value, predictions'
    gradients).

    A loss with one term per output is recorded for one: its lanes are all outputs of all samples.
    """
    row = LOSSES[name]
    predictions = [f"prediction {place}" for place in range(width)]
    targets = [f"target {place}" for place in range(width)]
    program = record(
        lambda values: row.function(values[:width], values[width:]), [*predictions, *targets], predictions
    )
    return assemble(program)
