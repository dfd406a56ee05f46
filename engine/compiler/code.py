"""From a program to what the kernels run: numbers get rows of memory, instructions become rows of
integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.compiler.opcodes import OPCODES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.compiler.program import Instruction, Program

#: Columns of the code: number of the opcode, row of the result, rows of up to four operands, row of the
#: constant.
COLUMNS = 7

_NUMBER = {opcode.name: number for number, opcode in enumerate(OPCODES)}


@dataclass(frozen=True, slots=True)
class Code:
    """A program as integers.

    `instructions` (n, 7) refer to rows: first the inputs', then the outputs', each in the program's order,
    which the caller points at memory of its own before every call; then one row for each of `constants`,
    filled once; then
    `temporaries` that need no care. The first `values` instructions compute the values.
    """

    instructions: NDArray[np.int64]
    values: int
    inputs: int
    outputs: int
    constants: tuple[float, ...]
    temporaries: int

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.inputs + self.outputs + len(self.constants) + self.temporaries

    def __str__(self) -> str:
        lines = [f"rows {self.rows}: {self.inputs} inputs, {self.outputs} outputs, constants"]
        lines[0] += f" {', '.join(map(repr, self.constants)) or 'none'}, {self.temporaries} temporaries"
        for place, (number, result, *operands, constant) in enumerate(self.instructions.tolist()):
            opcode = OPCODES[number]
            rows = [*operands[: opcode.operands], *([constant] if opcode.takes_constant else [])]
            lines += ["gradients"] if place == self.values else []
            lines.append(f"  row {result} = {opcode.name} {', '.join(f'row {row}' for row in rows)}")
        return "\n".join(lines)


def assemble(program: Program) -> Code:
    """Return the code of a program; rows of numbers that are no longer needed are used again.

    The row of a result is never that of an operand, so a loop over lanes may read and write in any order.
    """
    arguments = dict.fromkeys(each.constant for each in program.instructions if each.constant is not None)
    constants = list(program.constants) + [number for number in arguments if number not in program.constants]
    first_constant = len(program.inputs) + len(program.outputs)
    row = {number: number for number in range(len(program.inputs))}
    for place in range(len(program.constants)):
        row[len(program.inputs) + place] = first_constant + place
    fixed = {number: len(program.inputs) + place for place, (_, number) in enumerate(program.outputs)}

    last_use = _last_uses(program)
    free: list[int] = []
    next_row = first_temporary = first_constant + len(constants)
    instructions = np.zeros((len(program.instructions), COLUMNS), dtype=np.int64)
    for index, instruction in enumerate(program.instructions):
        number = program.first_result + index
        if number in fixed:
            row[number] = fixed[number]
        elif free:
            row[number] = free.pop()
        else:
            row[number], next_row = next_row, next_row + 1
        instructions[index] = _encoded(instruction, row, number, first_constant, constants)
        free.extend(
            row[operand]
            for operand in dict.fromkeys(instruction.operands)
            if last_use[operand] == index and row[operand] >= first_temporary
        )
    return Code(
        instructions,
        program.values,
        len(program.inputs),
        len(program.outputs),
        tuple(constants),
        next_row - first_temporary,
    )


def _last_uses(program: Program) -> dict[int, int]:
    return {operand: index for index, each in enumerate(program.instructions) for operand in each.operands}


def _encoded(
    instruction: Instruction, row: dict[int, int], number: int, first_constant: int, constants: list[float]
) -> list[int]:
    operands = [row[operand] for operand in instruction.operands]
    operands += [0] * (COLUMNS - 3 - len(operands))
    constant = instruction.constant
    at_constant = 0 if constant is None else first_constant + constants.index(constant)
    return [_NUMBER[instruction.opcode.name], row[number], *operands, at_constant]
