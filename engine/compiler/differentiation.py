"""The gradient of a recorded graph as a program: operations in, operations out.

The order of every sum is that of `Value.backward`: nodes from the result backwards, the operands of each in
order, every gradient a sum that begins with +0.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from engine.compiler.opcodes import GRADIENTS, VALUES, Opcode
from engine.compiler.tape import NotStraight, Symbol, Tape

if TYPE_CHECKING:
    from engine.operations import Operation
    from engine.value import Value


@dataclass(frozen=True, slots=True)
class Graph:
    """What a function made of its inputs."""

    inputs: tuple[Value, ...]
    result: Value

    @property
    def nodes(self) -> list[Value]:
        """Every number with operands, each after its operands, the result last."""
        return self.result._operands_first() if self.result._prev else []

    def __str__(self) -> str:
        names = {leaf: f"input {place}" for place, leaf in enumerate(self.inputs)}
        lines = [f"inputs {len(self.inputs)}"]
        for place, node in enumerate(self.nodes):
            row = cast("Operation", node._operation)
            operands = [names.get(operand) or repr(operand.data) for operand in node._prev]
            operands += [repr(node._constant)] if row.takes_constant else []
            names[node] = f"%{place}"
            lines.append(f"  %{place} = {row.name} {', '.join(operands)}")
        return "\n".join([*lines, f"result {names.get(self.result) or repr(self.result.data)}"])

    def evaluate(self, tape: Tape, symbols: dict[Value, Symbol]) -> None:
        """Write every node on the tape, into `symbols`; those that are there already are taken as they
        are."""
        for node in self.nodes:
            for operand in node._prev:
                if operand not in symbols:  # a number that the function brought with it
                    symbols[operand] = tape.symbol(operand.data)
            if node not in symbols:
                symbols[node] = _value(tape, node, symbols)


def differentiate(
    graph: Graph, tape: Tape, symbols: dict[Value, Symbol], grad: Symbol, wanted: Sequence[Value]
) -> list[Symbol]:
    """Write the gradients of `wanted` on the tape; `grad` is that of the result."""
    order = graph.nodes
    on_the_way = set(wanted)
    for node in order:
        if any(operand in on_the_way for operand in node._prev):
            on_the_way.add(node)

    zero = tape.symbol(0.0)
    gradients = {graph.result: grad}
    for node in reversed(order):
        if node in gradients:
            operands = node._prev
            wanted_places = [place for place, operand in enumerate(operands) if operand in on_the_way]
            for place, share in _shares(tape, node, wanted_places, symbols, gradients[node]):
                gradients[operands[place]] = tape.add(gradients.get(operands[place], zero), share)
    return [gradients.get(leaf, zero) for leaf in wanted]


def _value(tape: Tape, node: Value, symbols: dict[Value, Symbol]) -> Symbol:
    """Return what a node's row makes of its operands: its arithmetic, if it is no more, else one opcode."""
    row = cast("Operation", node._operation)
    operands, constant = _operands(node, symbols)
    try:
        return tape.symbol(row.value(*operands, *constant))
    except NotStraight:
        return _instruction(tape, VALUES[row.name], node, operands)


def _shares(
    tape: Tape, node: Value, places: Sequence[int], symbols: dict[Value, Symbol], grad: Symbol
) -> list[tuple[int, Symbol]]:
    """Return the shares of a node's gradient that its operands in these places get, likewise."""
    row = cast("Operation", node._operation)
    if row.chooses and grad.is_number(0.0):
        return [(place, tape.symbol(0.0)) for place in places]
    operands, constant = _operands(node, symbols)
    given = (symbols[node], grad)
    try:
        shares = row.gradient(*operands, *constant, *given)
    except NotStraight:
        opcodes = GRADIENTS[row.name]
        return [(place, _instruction(tape, opcodes[place], node, operands, *given)) for place in places]
    each = shares if isinstance(shares, tuple) else (shares,)
    return [(place, tape.symbol(each[place])) for place in places]


def _operands(node: Value, symbols: dict[Value, Symbol]) -> tuple[list[Symbol], tuple[float, ...]]:
    """Return the symbols of a node's operands, and the constant that its row takes, if it takes one."""
    row = cast("Operation", node._operation)
    return [symbols[each] for each in node._prev], (node._constant,) if row.takes_constant else ()


def _instruction(tape: Tape, opcode: Opcode, node: Value, operands: list[Symbol], *more: Symbol) -> Symbol:
    taken = operands[: opcode.operands - len(more)]
    return tape.write(opcode, *taken, *more, constant=node._constant if opcode.takes_constant else None)
