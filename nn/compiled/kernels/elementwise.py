"""Activations and losses: programs over lanes, native as a whole where the kernel has known them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from numba import njit

from engine.kernels.fused import Known, run_one_of
from engine.kernels.lanes import run_program
from nn.activations import ACTIVATIONS
from nn.compiled.programs import activation_programs, loss_program
from nn.losses import LOSSES

if TYPE_CHECKING:
    from engine.compiler.program import Program

#: Stands for a program that the kernel has not known.
UNKNOWN = -1


def _known() -> Iterator[Known]:
    """Yield every program of an activation, and of a loss with one term per output, that there is now.

    What is not needed afterwards is overwritten: the fewer rows a layer has, the more of them stay in the
    nearest cache.
    """
    for programs in filter(None, map(activation_programs, ACTIVATIONS)):
        yield Known(programs.forward, None if programs.needs_input else "input")
        yield Known(programs.backward, "grad")
    for name, row in LOSSES.items():
        if row.elementwise:
            yield Known(loss_program(name, 1))


#: The programs that the kernel is compiled with.
KNOWN = tuple(_known())

#: Their numbers. Programs print with every number in full, so equal prints are equal programs.
_NUMBERS = {str(known.program): number for number, known in enumerate(KNOWN)}

_run_known = run_one_of(KNOWN)


@cache
def number_of(program: Program) -> int:
    """Return the number of a program for `run`."""
    return _NUMBERS.get(str(program), UNKNOWN)


def overwrites(program: Program) -> bool:
    """Return whether the program's first output is written over one of its inputs."""
    number = number_of(program)
    return number != UNKNOWN and KNOWN[number].overwritten is not None


@njit(nogil=True, error_model="numpy", inline="always")
def run(code, rows, number, begin, end, first_row, lanes):
    """Run a program on so many lanes: the known one with that number, or else instructions begin .. end - 1.

    The address of its row r is `rows[first_row + r]`.
    """
    if number == UNKNOWN:
        run_program(code, begin, end, rows, first_row, lanes)
    else:
        _run_known(number, rows, first_row, lanes)
