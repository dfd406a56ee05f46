"""From a program to what the kernels run: numbers get rows of memory, instructions become rows of
integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.compiler.flat import NONE, flatten
from engine.compiler.opcodes import OPCODES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engine.compiler.flat import Flat
    from engine.compiler.program import Program

#: Columns of the code: number of the opcode, row of the result, rows of up to four operands, row of the
#: constant.
COLUMNS = 7


@dataclass(frozen=True, slots=True, eq=False)
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
    """Return the code of a program."""
    return allocate(flatten(program))


def allocate(flat: Flat) -> Code:
    """Return the code of a flat program; rows of numbers that are no longer needed are used again.

    The row of a result is never that of an operand, so a loop over lanes may read and write in any order.
    """
    first_constant = flat.inputs + len(flat.outputs)
    first_temporary = first_constant + len(flat.constants)
    count = len(flat.instructions)
    rows = np.full(flat.first_result + count + 1, NONE)
    rows[: flat.inputs] = np.arange(flat.inputs)
    rows[flat.inputs : flat.first_result] = np.arange(first_constant, first_temporary)
    rows[flat.outputs] = np.arange(flat.inputs, first_constant)
    temporaries = _share_rows(flat, rows, first_temporary)
    rows[NONE] = 0
    code = np.empty((count, COLUMNS), dtype=np.int64)
    code[:, 0] = flat.instructions[:, 0]
    code[:, 1] = rows[flat.first_result : flat.first_result + count]
    code[:, 2:] = rows[flat.instructions[:, 1:]]
    return Code(code, flat.values, flat.inputs, len(flat.outputs), flat.constants, temporaries)


def _share_rows(flat: Flat, rows: NDArray[np.int64], first_row: int) -> int:
    """Give those results a row that have none, from `first_row` on, and return how many rows that takes."""
    used, last_uses = _last_uses(flat)
    shares = rows[used] == NONE
    dying, when = used[shares].tolist(), last_uses[shares].tolist()
    free: list[int] = []
    taken, next_row, seen = rows.tolist(), first_row, 0
    for index, number in enumerate(range(flat.first_result, flat.first_result + len(flat.instructions))):
        if taken[number] == NONE:
            if free:
                taken[number] = free.pop()
            else:
                taken[number], next_row = next_row, next_row + 1
        while seen < len(when) and when[seen] == index:
            free.append(taken[dying[seen]])
            seen += 1
    rows[:] = taken
    return next_row - first_row


def _last_uses(flat: Flat) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers that instructions use, in the order of their last use, and when that is."""
    operands = flat.instructions[:, 1:-1]
    last = np.full(flat.first_result + len(operands), NONE)
    for column in operands.T:  # an instruction may use a number twice
        used = column != NONE
        np.maximum.at(last, column[used], np.flatnonzero(used))
    used = np.flatnonzero(last != NONE)
    order = np.argsort(last[used], kind="stable")
    return used[order], last[used][order]
