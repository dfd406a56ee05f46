"""Programs known when the kernels are compiled, each as one native loop.

The interpreter of `lanes` runs any program, one loop over memory per instruction. A program that is known
beforehand is spelled out as Python and compiled as a whole: its numbers stay in registers. The instructions
and their functions are the same, so the bits are too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numba import njit, types
from numba.extending import register_jitable

import engine.native  # noqa: F401  - teaches Numba the functions that opcodes call
from engine.kernels.choice import choice
from engine.kernels.memory import get, put

if TYPE_CHECKING:
    from engine.compiler.program import Instruction, Program


def spelled(program: Program, overwritten: str | None = None) -> str:
    """Return the program as the source of a function `loop(rows, first_row, lanes)`.

    `rows[first_row + r]` is the address of the program's row r: its inputs, then its outputs; those of inputs
    that it does not use are not looked at. The first output is written over the input `overwritten`, if one
    is named. Functions are called `f0`, `f1`, ... in the order of the instructions, and constants `c0`, `c1`,
    ...
    """
    count = len(program.inputs)
    used = sorted(program.used_inputs)
    results = [f"row{count + place}" for place in range(len(program.outputs))]
    if overwritten is not None:
        # One name for both tells LLVM that a lane depends on no other lane.
        results[0] = f"row{program.inputs.index(overwritten)}"
    numbers = [f"x{place}" for place in range(count)]
    numbers += [f"c{place}" for place in range(len(program.constants))]
    lines = ["def loop(rows, first_row, lanes):"]
    lines += [
        f"    row{row} = rows[first_row + {row}]" for row in (*used, *range(count, count + len(results)))
    ]
    lines += ["    for lane in range(lanes):"]
    lines += [f"        x{place} = get(row{place}, lane)" for place in used]
    for place, instruction in enumerate(program.instructions):
        lines.append(f"        n{place} = {_call(place, instruction, numbers)}")
        numbers.append(f"n{place}")
    for result, (_, number) in zip(results, program.outputs, strict=True):
        lines.append(f"        put({result}, lane, {numbers[number]})")
    return "\n".join(lines) + "\n"


def _call(place: int, instruction: Instruction, numbers: Sequence[str]) -> str:
    operands = [numbers[number] for number in instruction.operands]
    if instruction.constant is not None:
        operands.insert(1, f"k{place}")
    return f"f{place}({', '.join(operands)})"


@dataclass(frozen=True, slots=True)
class Known:
    """A program that the kernels are compiled with; its first output is written over the input `overwritten`,
    if one is named."""

    program: Program
    overwritten: str | None = None

    def __str__(self) -> str:
        return f"{self.program}\noverwritten {self.overwritten}"


def run_one_of(known: Sequence[Known]) -> Any:
    """Return the function `(number, rows, first_row, lanes)` that runs the program with that number."""
    return choice([_fused(each) for each in known], [types.int64[::1], types.int64, types.int64])


def _fused(known: Known) -> Any:
    jitable: Any = register_jitable(error_model="numpy", forceinline=True)
    names: dict[str, Any] = {"get": get, "put": put}
    names |= {f"c{place}": constant for place, constant in enumerate(known.program.constants)}
    for place, instruction in enumerate(known.program.instructions):
        names[f"f{place}"] = jitable(instruction.opcode.function)
        names[f"k{place}"] = instruction.constant
    source = compile(spelled(known.program, known.overwritten), "<program>", "exec")
    exec(source, names)  # noqa: S102 - the text is our own
    return njit(nogil=True, error_model="numpy")(names["loop"])
