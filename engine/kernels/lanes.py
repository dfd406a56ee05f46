"""The interpreter of programs: one loop over lanes for each instruction.

An instruction's loop runs its opcode's own Python function, compiled and vectorised. The jump to the loop
costs a few nanoseconds whatever the number of lanes, so a program is run on many lanes at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit, types
from numba.extending import register_jitable

import engine.native  # noqa: F401  - teaches Numba the functions that opcodes call
from engine.compiler.opcodes import OPCODES, Opcode
from engine.kernels.choice import choice
from engine.kernels.memory import get, put


def _loop(opcode: Opcode) -> Callable[..., None]:  # noqa: C901 - one loop for each number of operands
    """Return the loop of one instruction; its arguments are a number of lanes and addresses."""
    function: Any = register_jitable(error_model="numpy", forceinline=True)(opcode.function)

    def one(lanes, result, a, b, c, d, constant):
        for lane in range(lanes):
            put(result, lane, function(get(a, lane)))

    def one_and_constant(lanes, result, a, b, c, d, constant):
        number = get(constant, 0)
        for lane in range(lanes):
            put(result, lane, function(get(a, lane), number))

    def two(lanes, result, a, b, c, d, constant):
        for lane in range(lanes):
            put(result, lane, function(get(a, lane), get(b, lane)))

    def three(lanes, result, a, b, c, d, constant):
        for lane in range(lanes):
            put(result, lane, function(get(a, lane), get(b, lane), get(c, lane)))

    def three_and_constant(lanes, result, a, b, c, d, constant):
        number = get(constant, 0)
        for lane in range(lanes):
            put(result, lane, function(get(a, lane), number, get(b, lane), get(c, lane)))

    def four(lanes, result, a, b, c, d, constant):
        for lane in range(lanes):
            put(result, lane, function(get(a, lane), get(b, lane), get(c, lane), get(d, lane)))

    with_constant = {1: one_and_constant, 3: three_and_constant}
    return (with_constant if opcode.takes_constant else {1: one, 2: two, 3: three, 4: four})[opcode.operands]


_run_instruction = choice(
    [njit(nogil=True, error_model="numpy")(_loop(opcode)) for opcode in OPCODES], [types.int64] * 7
)


@njit(nogil=True, error_model="numpy")
def run_program(code, begin, end, rows, first_row, lanes):
    """Run instructions begin .. end - 1 of `code`, assembled by `engine.compiler.code`, on so many lanes.

    `rows[first_row + r]` is the address of the program's row r.
    """
    for at in range(begin, end):
        _run_instruction(
            code[at, 0],
            lanes,
            rows[first_row + code[at, 1]],
            rows[first_row + code[at, 2]],
            rows[first_row + code[at, 3]],
            rows[first_row + code[at, 4]],
            rows[first_row + code[at, 5]],
            rows[first_row + code[at, 6]],
        )
