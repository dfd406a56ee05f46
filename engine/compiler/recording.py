"""From a function over `Value` to a program: record the graph it makes, then differentiate the graph.

The function is run on `Value`s, so there is no second set of operators that could disagree. It must make the
same graph whatever the numbers; it is run twice, on different ones, to see that it does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.compiler.differentiation import Graph, differentiate
from engine.compiler.tape import Tape
from engine.value import Value

if TYPE_CHECKING:
    from engine.compiler.program import Program

#: A function of so many `Value`s, in order.
Function = Callable[[Sequence[Value]], Value]

#: Numbers to record with, any that every operation takes.
_PROBES = (0.375, 0.625)


class NotRecordable(Exception):
    """The function is not the same graph for all numbers."""


def record(function: Function, inputs: Sequence[str], wanted: Sequence[str]) -> Program:
    """Return the program of a function's value and of its gradient with respect to the `wanted` inputs.

    Its inputs are the function's and then "grad": the gradient of some later result with respect to the
    value, never
    -0.0. Its outputs are "value" and then, in the order of `wanted`, "gradient of <input>".

    Raises:
        NotRecordable: the function does not always make the same graph.
    """

    def write(graph: Graph, tape: Tape) -> None:
        symbols = {leaf: tape.input(name) for leaf, name in zip(graph.inputs, inputs, strict=True)}
        grad = tape.input("grad", never_minus_zero=True)
        graph.evaluate(tape, symbols)
        tape.output("value", symbols[graph.result])
        tape.end_values()
        leaves = [graph.inputs[list(inputs).index(name)] for name in wanted]
        for name, gradient in zip(wanted, differentiate(graph, tape, symbols, grad, leaves), strict=True):
            tape.output(f"gradient of {name}", gradient)

    return _written_alike(function, len(inputs), write)


def record_gradient(function: Function) -> Program:
    """Return the program of the gradient of a function of one number whose value has been kept.

    Its inputs are "input", "value" and "grad", which is never -0.0; its output is "gradient". What else of
    the way to the value the gradient needs is computed again.

    Raises:
        NotRecordable: the function does not always make the same graph.
    """

    def write(graph: Graph, tape: Tape) -> None:
        symbols = {graph.inputs[0]: tape.input("input")}
        symbols[graph.result] = tape.input("value")
        grad = tape.input("grad", never_minus_zero=True)
        graph.evaluate(tape, symbols)
        (gradient,) = differentiate(graph, tape, symbols, grad, graph.inputs)
        tape.output("gradient", gradient)

    return _written_alike(function, 1, write)


def _written_alike(function: Function, count: int, write: Callable[[Graph, Tape], None]) -> Program:
    programs = []
    for probe in _PROBES:
        leaves = [Value(probe + index) for index in range(count)]
        tape = Tape()
        write(Graph(tuple(leaves), function(leaves)), tape)
        programs.append(tape.program())
    if str(programs[0]) != str(programs[1]):
        raise NotRecordable("the function's graph depends on its numbers")
    return programs[0]
