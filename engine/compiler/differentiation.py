"""The gradient of a recorded graph as a program: operations in, operations out.

The order of every sum is that of `Value.backward`: nodes from the result backwards, the operands of each in
order, every gradient a sum that begins with +0.0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

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
        for place, operand in enumerate(node._prev):
            if operand in on_the_way and node in gradients:
                share = _share(tape, node, place, symbols, gradients[node])
                gradients[operand] = tape.add(gradients.get(operand, zero), share)
    return [gradients.get(leaf, zero) for leaf in wanted]


def _value(tape: Tape, node: Value, symbols: dict[Value, Symbol]) -> Symbol:
    row = cast("Operation", node._operation)
    return tape.symbol(_call(tape, row.value, VALUES[row.name], node, symbols))


def _share(tape: Tape, node: Value, place: int, symbols: dict[Value, Symbol], grad: Symbol) -> Symbol:
    row = cast("Operation", node._operation)
    opcode = GRADIENTS[row.name][place]
    shares = _call(tape, row.gradient, opcode, node, symbols, symbols[node], grad)
    return tape.symbol(shares[place] if isinstance(shares, tuple) else shares)


def _call(
    tape: Tape,
    function: Callable[..., Any],
    opcode: Opcode,
    node: Value,
    symbols: dict[Value, Symbol],
    *more: Symbol,
) -> Any:
    """Return what a row's function makes of symbols: its arithmetic, if it is no more, or one instruction."""
    operands = [symbols[operand] for operand in node._prev]
    constant = (node._constant,) if opcode.takes_constant else ()
    try:
        return function(*operands, *constant, *more)
    except NotStraight:
        taken = operands[: opcode.operands - len(more)]
        return tape.write(opcode, *taken, *more, constant=node._constant if opcode.takes_constant else None)
