"""Programs known when the kernels are compiled, each as one native loop.

The interpreter of `lanes` runs any program, one loop over memory per instruction. A program that is known
beforehand is spelled out as Python and compiled as a whole: its numbers stay in registers. The instructions
and their functions are the same, so the bits are too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numba import njit, types
from numba.extending import register_jitable

import engine.native  # noqa: F401  - teaches Numba the functions that opcodes call
from engine.kernels.choice import choice
from engine.kernels.memory import get, put

if TYPE_CHECKING:
    from engine.compiler.program import Instruction, Program


def spelled(program: Program) -> str:
    """Return the program as the source of a function `loop(rows, first_row, lanes)`.

    `rows[first_row + r]` is the address of the program's row r: its inputs, then its outputs; those of inputs
    that it does not use are not looked at. Functions are called `f0`, `f1`, ... in the order of the
    instructions, and constants `c0`, `c1`, ...
    """
    count = len(program.inputs)
    used = {number for each in program.instructions for number in each.operands if number < count}
    rows = [*sorted(used), *range(count, count + len(program.outputs))]
    numbers = [f"x{place}" for place in range(count)]
    numbers += [f"c{place}" for place in range(len(program.constants))]
    lines = ["def loop(rows, first_row, lanes):"]
    lines += [f"    row{row} = rows[first_row + {row}]" for row in rows]
    lines += ["    for lane in range(lanes):"]
    lines += [f"        x{place} = get(row{place}, lane)" for place in sorted(used)]
    for place, instruction in enumerate(program.instructions):
        lines.append(f"        n{place} = {_call(place, instruction, numbers)}")
        numbers.append(f"n{place}")
    for place, (_, number) in enumerate(program.outputs, count):
        lines.append(f"        put(row{place}, lane, {numbers[number]})")
    return "\n".join(lines) + "\n"


def _call(place: int, instruction: Instruction, numbers: Sequence[str]) -> str:
    operands = [numbers[number] for number in instruction.operands]
    if instruction.constant is not None:
        operands.insert(1, f"k{place}")
    return f"f{place}({', '.join(operands)})"


def fused(program: Program) -> Any:
    """Return the kernel `(rows, first_row, lanes)` that runs all of a program; see `spelled`."""
    jitable: Any = register_jitable(error_model="numpy", forceinline=True)
    names: dict[str, Any] = {"get": get, "put": put}
    names |= {f"c{place}": constant for place, constant in enumerate(program.constants)}
    for place, instruction in enumerate(program.instructions):
        names[f"f{place}"] = jitable(instruction.opcode.function)
        names[f"k{place}"] = instruction.constant
    exec(compile(spelled(program), f"<program of {len(program.instructions)}>", "exec"), names)  # noqa: S102 - our own text
    return njit(nogil=True, error_model="numpy")(names["loop"])


def run_one_of(programs: Sequence[Program]) -> Any:
    """Return the function `(number, rows, first_row, lanes)` that runs the program with that number."""
    return choice([fused(program) for program in programs], [types.int64[::1], types.int64, types.int64])
