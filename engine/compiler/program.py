"""A program: straight-line arithmetic over lanes, every number of it computed once.

Numbers are counted: first the inputs, then the constants, then the results of the instructions, one each. A
program computes values first and gradients after, so that a caller who wants only values stops half-way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.compiler.opcodes import Opcode


class Instruction(NamedTuple):
    """One operation on numbers computed before; `constant` is the number, the same in all lanes, it may
    take."""

    opcode: Opcode
    operands: tuple[int, ...]
    constant: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Named inputs, constants, instructions and named outputs.

    The first `values` instructions are all that the first `value_outputs` outputs need.
    """

    inputs: tuple[str, ...]
    constants: tuple[float, ...]
    instructions: tuple[Instruction, ...]
    outputs: tuple[tuple[str, int], ...]
    values: int
    value_outputs: int

    @property
    def used_inputs(self) -> set[int]:
        """The inputs that an instruction or an output needs."""
        needed = {operand for each in self.instructions for operand in each.operands}
        needed |= {number for _, number in self.outputs}
        return {number for number in needed if number < len(self.inputs)}

    @property
    def first_result(self) -> int:
        """The number that the first instruction computes."""
        return len(self.inputs) + len(self.constants)

    def __str__(self) -> str:
        names = [*self.inputs, *(repr(constant) for constant in self.constants)]
        lines = [f"inputs {', '.join(self.inputs)}"]
        for index, instruction in enumerate(self.instructions):
            names.append(f"%{index}")
            operands = [names[number] for number in instruction.operands]
            if instruction.constant is not None:
                operands.insert(1, repr(instruction.constant))
            if index == self.values:
                lines.append("gradients")
            lines.append(f"  %{index} = {instruction.opcode.name} {', '.join(operands)}")
        return "\n".join([*lines, *(f"output {name} = {names[number]}" for name, number in self.outputs)])


def evaluate(program: Program, inputs: Sequence[float]) -> dict[str, float]:
    """Return the outputs for one lane, by name: the slow definition of what the kernels do."""
    numbers = [*inputs, *program.constants]
    for instruction in program.instructions:
        operands = [numbers[number] for number in instruction.operands]
        if instruction.constant is not None:
            operands.insert(1, instruction.constant)
        numbers.append(instruction.opcode.function(*operands))
    return {name: numbers[number] for name, number in program.outputs}
