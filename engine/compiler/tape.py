"""The tape a program is written on, and the symbols that write themselves on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, cast

from engine.compiler.opcodes import ADD, COPY, MULTIPLY, NEGATE, SUBTRACT, Opcode
from engine.compiler.program import Instruction, Program


class NotStraight(Exception):
    """A function asked for the value of a symbol, so it is not straight arithmetic."""


@dataclass(slots=True, eq=False)
class Symbol:
    """A number that is not known yet; arithmetic on it is written on its tape.

    A symbol of a `constant` is known after all; one of neither an opcode nor a constant is an input.
    """

    tape: Tape
    opcode: Opcode | None = None
    operands: tuple[Symbol, ...] = ()
    constant: float | None = None
    never_minus_zero: bool = False

    def __add__(self, other: Symbol | float) -> Symbol:
        return self.tape.add(self, self.tape.symbol(other))

    def __radd__(self, other: float) -> Symbol:
        return self.tape.add(self.tape.symbol(other), self)

    def __sub__(self, other: Symbol | float) -> Symbol:
        return self.tape.write(SUBTRACT, self, self.tape.symbol(other))

    def __rsub__(self, other: float) -> Symbol:
        return self.tape.write(SUBTRACT, self.tape.symbol(other), self)

    def __mul__(self, other: Symbol | float) -> Symbol:
        return self.tape.multiply(self, self.tape.symbol(other))

    def __rmul__(self, other: float) -> Symbol:
        return self.tape.multiply(self.tape.symbol(other), self)

    def __neg__(self) -> Symbol:
        return self.tape.negate(self)

    def is_number(self, number: float) -> bool:
        """Whether this is the constant `number`."""
        return self.opcode is None and self.constant == number

    def _refuse(self, *_: object) -> NoReturn:
        raise NotStraight

    __abs__ = __bool__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __float__ = __truediv__ = (
        __rtruediv__
    ) = _refuse
    __hash__ = object.__hash__


class Tape:
    """Writes a program, simplifying as it goes: never so that a bit changes, whatever the numbers.

    What is written twice is computed once; 1 x is x, -1 x is -x, x + -y is x - y, and 0 + x is x where x
    cannot be -0.0.
    """

    def __init__(self) -> None:
        self._inputs: dict[str, Symbol] = {}
        self._outputs: dict[str, Symbol] = {}
        self._results: set[int] = set()
        self._written: list[Symbol] = []
        self._known: dict[tuple[object, ...], Symbol] = {}
        self._values = self._value_outputs = 0

    def input(self, name: str, *, never_minus_zero: bool = False) -> Symbol:
        """Return a number that the program will be given."""
        self._inputs[name] = Symbol(self, never_minus_zero=never_minus_zero)
        return self._inputs[name]

    def output(self, name: str, symbol: Symbol) -> None:
        """Make a number a result; no two results are the same instruction."""
        taken = symbol.opcode is None or id(symbol) in self._results
        self._outputs[name] = self._append(Symbol(self, COPY, (symbol,))) if taken else symbol
        self._results.add(id(symbol))

    def end_values(self) -> None:
        """Say that what is written from here on is for gradients."""
        self._values, self._value_outputs = len(self._written), len(self._outputs)

    def symbol(self, number: Symbol | float) -> Symbol:
        """Return a symbol for a number."""
        if isinstance(number, Symbol):
            return number
        bits = float(number).hex()
        if (bits,) not in self._known:
            self._known[(bits,)] = Symbol(self, constant=float(number), never_minus_zero=bits != (-0.0).hex())
        return self._known[(bits,)]

    def write(self, opcode: Opcode, *operands: Symbol, constant: float | None = None) -> Symbol:
        """Return the result of an instruction."""
        key = (opcode.name, constant if constant is None else constant.hex(), *map(id, operands))
        if key not in self._known:
            self._known[key] = self._append(
                Symbol(self, opcode, operands, constant, _is_never_minus_zero(opcode, operands))
            )
        return self._known[key]

    def add(self, left: Symbol, right: Symbol) -> Symbol:
        """Return left + right."""
        for zero, other in ((left, right), (right, left)):
            if zero.is_number(0.0) and zero.never_minus_zero and other.never_minus_zero:
                return other
        if right.opcode is NEGATE:
            return self.write(SUBTRACT, left, right.operands[0])
        return self.write(ADD, left, right)

    def multiply(self, left: Symbol, right: Symbol) -> Symbol:
        """Return left * right."""
        for factor, other in ((left, right), (right, left)):
            if factor.is_number(1.0):
                return other
            if factor.is_number(-1.0):
                return self.negate(other)
        return self.write(MULTIPLY, left, right)

    def negate(self, operand: Symbol) -> Symbol:
        """Return -operand."""
        return operand.operands[0] if operand.opcode is NEGATE else self.write(NEGATE, operand)

    def program(self) -> Program:
        """Return the program without what no output needs."""
        needed: set[int] = {id(symbol) for symbol in self._outputs.values()}
        for symbol in reversed(self._written):
            if id(symbol) in needed:
                needed.update(id(operand) for operand in symbol.operands)
        kept = [symbol for symbol in self._written if id(symbol) in needed]
        constants = [each for each in self._known.values() if each.opcode is None and id(each) in needed]
        order = [*self._inputs.values(), *constants, *kept]
        number = {id(symbol): place for place, symbol in enumerate(order)}
        return Program(
            inputs=tuple(self._inputs),
            constants=tuple(cast("float", each.constant) for each in constants),
            instructions=tuple(
                Instruction(
                    cast("Opcode", each.opcode), tuple(number[id(o)] for o in each.operands), each.constant
                )
                for each in kept
            ),
            outputs=tuple((name, number[id(symbol)]) for name, symbol in self._outputs.items()),
            values=sum(id(symbol) in needed for symbol in self._written[: self._values]),
            value_outputs=self._value_outputs,
        )

    def _append(self, symbol: Symbol) -> Symbol:
        self._written.append(symbol)
        return symbol


def _is_never_minus_zero(opcode: Opcode, operands: tuple[Symbol, ...]) -> bool:
    """Whether the result cannot be -0.0: a sum is only if both terms are, a difference only if the first term
    is."""
    if opcode is ADD:
        return any(operand.never_minus_zero for operand in operands)
    if opcode is SUBTRACT:
        return operands[0].never_minus_zero
    return opcode.never_minus_zero
