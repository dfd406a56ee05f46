"""Activations and losses: programs over lanes, native as a whole where the kernel has known them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import njit

from engine.kernels.fused import run_one_of
from engine.kernels.lanes import run_program
from nn.compiled.programs import known_programs

if TYPE_CHECKING:
    from engine.compiler.program import Program

#: Stands for a program that the kernel has not known.
UNKNOWN = -1

#: The programs that the kernel is compiled with.
KNOWN = known_programs()

#: Their numbers. They print with every number in full, so equal prints are equal programs.
_NUMBERS = {str(program): number for number, program in enumerate(KNOWN)}

_run_known = run_one_of(KNOWN)


def number_of(program: Program) -> int:
    """Return the number of a program for `run`."""
    return _NUMBERS.get(str(program), UNKNOWN)


@njit(nogil=True, error_model="numpy", inline="always")
def run(code, rows, number, begin, end, first_row, lanes):
    """Run a program on so many lanes: the known one with that number, or else instructions begin .. end - 1.

    The address of its row r is `rows[first_row + r]`.
    """
    if number == UNKNOWN:
        run_program(code, begin, end, rows, first_row, lanes)
    else:
        _run_known(number, rows, first_row, lanes)
