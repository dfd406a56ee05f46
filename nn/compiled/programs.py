"""The parts of a training that are not sums of products, as programs: the activations and the loss."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from engine.compiler.code import Code, assemble
from engine.compiler.extension import Extension, extension
from engine.compiler.opcodes import COPY
from engine.compiler.recording import record, record_gradient
from nn.activations import ACTIVATIONS
from nn.losses import LOSSES

if TYPE_CHECKING:
    from engine.compiler.program import Program
    from nn.spec import Activation, Loss


#: Outputs of the smallest loss that a wider one is concluded from, and of the widest that is not concluded.
_FEW, _SEVERAL = 12, 32
#: Outputs that the losses which one is concluded from differ by. Rows of memory are shared in pairs.
_STEP = 2


@dataclass(frozen=True, slots=True)
class ActivationPrograms:
    """An activation's rows are (input, grad, value), and those of its gradient (input, value, grad,
    gradient)."""

    forward: Program
    backward: Program

    @property
    def needs_input(self) -> bool:
        """Whether the gradient needs the activation's input, and not only its value."""
        return self.backward.inputs.index("input") in self.backward.used_inputs


@cache
def activation_programs(name: Activation) -> ActivationPrograms | None:
    """Return the programs of an activation, None if it is the identity."""
    function = ACTIVATIONS[name]
    forward = record(lambda values: function(values[0]), ["input"], [])
    if [each.opcode for each in forward.instructions] == [COPY]:
        return None
    return ActivationPrograms(forward, record_gradient(lambda values: function(values[0])))


@cache
def loss_program(name: Loss, width: int) -> Program:
    """Return the program of a loss of so many outputs: rows (predictions, targets, grad, value, predictions'
    gradients).

    A loss with one term per output is recorded for one: its lanes are all outputs of all samples.
    """
    row = LOSSES[name]
    predictions = [f"prediction {place}" for place in range(width)]
    targets = [f"target {place}" for place in range(width)]
    return record(
        lambda values: row.function(values[:width], values[width:]), [*predictions, *targets], predictions
    )


@cache
def code_of(program: Program) -> Code:
    """Return the code of a program, the same whenever it is asked for."""
    return assemble(program)


@cache
def loss_code(name: Loss, width: int) -> Code:
    """Return the code of `loss_program(name, width)`."""
    if width > _SEVERAL and LOSSES[name].extends:
        steps, more = divmod(width - _FEW, _STEP)
        found = _extension(name, _FEW + more)
        if found is not None:
            return found.code(steps)
    return code_of(loss_program(name, width))


def record_ahead() -> None:
    """Record what losses of many outputs are concluded from, so that no training waits for it."""
    for name, row in LOSSES.items():
        if row.extends:
            for more in range(_STEP):
                _extension(name, _FEW + more)


@cache
def _extension(name: Loss, least: int) -> Extension | None:
    """Return how a loss's code grows from so many outputs on, None if it shows no loops."""
    one, two, three = (code_of(loss_program(name, least + steps * _STEP)) for steps in range(3))
    return extension(one, two, three)
