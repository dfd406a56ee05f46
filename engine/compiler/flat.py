"""A program as integers: what the stages after it work on, however many instructions there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.compiler.opcodes import OPCODES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.compiler.program import Program

#: Columns of an instruction: number of the opcode, up to four operands, constant.
COLUMNS = 6

#: Stands for an operand or constant that an instruction does not take.
NONE = -1

_NUMBER = {opcode.name: number for number, opcode in enumerate(OPCODES)}


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """A program whose numbers are counted: first `inputs`, then `constants`, then one per instruction.

    `constants` are the program's own and then those that instructions take. `instructions` (n, 6) and
    `outputs` (m,) refer to these numbers. The first `values` instructions compute the values.
    """

    instructions: NDArray[np.int64]
    values: int
    inputs: int
    constants: tuple[float, ...]
    outputs: NDArray[np.int64]

    @property
    def first_result(self) -> int:
        """The number that the first instruction computes."""
        return self.inputs + len(self.constants)


def flatten(program: Program) -> Flat:
    """Return the same program as integers."""
    own, count, first = program.constants, len(program.inputs), program.first_result
    constants = {constant.hex(): constant for constant in own}  # 0.0 is not -0.0
    for each in program.instructions:
        if each.constant is not None:
            constants.setdefault(each.constant.hex(), each.constant)
    place = {bits: count + number for number, bits in enumerate(constants)}
    more = len(constants) - len(own)
    rows = []
    for opcode, operands, constant in program.instructions:
        numbers = [number + more if number >= first else number for number in operands]
        numbers += [NONE] * (COLUMNS - 2 - len(numbers))
        rows.append([_NUMBER[opcode.name], *numbers, NONE if constant is None else place[constant.hex()]])
    instructions = np.array(rows, dtype=np.int64).reshape(-1, COLUMNS)
    outputs = np.array([number for _, number in program.outputs], dtype=np.int64)
    outputs[outputs >= first] += more
    return Flat(instructions, program.values, count, tuple(constants.values()), outputs)
