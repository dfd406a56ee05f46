"""The instructions a program is made of: plain arithmetic, and those parts of the table of operations that
are not.

A row of `engine.operations` whose value or gradient is straight arithmetic (`multiply`, the gradient of
`tanh`) is recorded as that arithmetic. What chooses or approximates (`relu`, `exp`) is one instruction, which
runs the row's own Python function, compiled. So an operation added to the table needs nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from engine.operations import OPERATIONS, Operation


@dataclass(frozen=True, slots=True, eq=False)
class Opcode:
    """One instruction: `result[lane] = function(*operands[lane])`.

    `operands` counts the numbers of a lane that `function` takes; with `takes_constant` its second argument
    is a number that is the same in every lane. `never_minus_zero` promises a result that is not -0.0.
    """

    name: str
    operands: int
    function: Callable[..., float]
    takes_constant: bool = False
    never_minus_zero: bool = False


def _copy(a: float) -> float:
    return a


def _negate(a: float) -> float:
    return -a


def _add(a: float, b: float) -> float:
    return a + b


def _subtract(a: float, b: float) -> float:
    return a - b


def _multiply(a: float, b: float) -> float:
    return a * b


COPY = Opcode("copy", 1, _copy)
NEGATE = Opcode("negate", 1, _negate)
ADD = Opcode("add", 2, _add)
SUBTRACT = Opcode("subtract", 2, _subtract)
MULTIPLY = Opcode("multiply", 2, _multiply)


def _value(row: Operation) -> Opcode:
    return Opcode(row.name, row.operands, row.value, row.takes_constant)


def _gradient(row: Operation, operand: int) -> Opcode:
    """Return the instruction for one operand's share; it takes the row's operands (none if the gradient
    follows from the value), its result and its gradient.

    The share is added to +0.0, as the first share of every gradient is. A later share is none the worse for
    it: a sum that began with +0.0 is never -0.0, and then adding +0.0 or -0.0 is the same.
    """
    gradient = row.gradient
    name = f"{row.name} gradient"
    if row.operands == 1:
        only = cast("Callable[..., float]", gradient)
        if row.from_value:
            return Opcode(
                name, 2, lambda result, grad: 0.0 + only(result, result, grad), never_minus_zero=True
            )
        if row.takes_constant:

            def share(a: float, constant: float, result: float, grad: float) -> float:
                return 0.0 + only(a, constant, result, grad)

        else:

            def share(a: float, result: float, grad: float) -> float:  # type: ignore[misc]
                return 0.0 + only(a, result, grad)

        return Opcode(name, 3, share, row.takes_constant, never_minus_zero=True)

    both = cast("Callable[..., tuple[float, float]]", gradient)

    def share_of(a: float, b: float, result: float, grad: float) -> float:
        return 0.0 + both(a, b, result, grad)[operand]

    return Opcode(f"{name} {operand}", 4, share_of, never_minus_zero=True)


#: The instruction for the value of each operation, and those for its operands' gradients.
VALUES = {row.name: _value(row) for row in OPERATIONS}
GRADIENTS = {
    row.name: tuple(_gradient(row, operand) for operand in range(row.operands)) for row in OPERATIONS
}

_ARITHMETIC = {"add", "multiply"}

#: Every instruction; its number in the code that the kernels run is its place here.
OPCODES = (
    COPY,
    NEGATE,
    ADD,
    SUBTRACT,
    MULTIPLY,
    *(opcode for name, opcode in VALUES.items() if name not in _ARITHMETIC),
    *(opcode for name, shares in GRADIENTS.items() if name not in _ARITHMETIC for opcode in shares),
)
