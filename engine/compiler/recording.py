"""From a function over `Value` to a program: record the graph it makes, then differentiate the graph.

The function is run on `Recorded`s, `Value`s whose numbers nobody knows. So what it makes is its graph for all
numbers; a function that looks at a number is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.compiler.differentiation import Graph, differentiate
from engine.compiler.recorded import Recorded
from engine.compiler.tape import Tape

if TYPE_CHECKING:
    from engine.compiler.program import Program
    from engine.value import Value

#: A function of so many `Value`s, in order.
Function = Callable[[Sequence["Value"]], "Value"]


def graph_of(function: Function, count: int) -> Graph:
    """Return the graph that a function makes of so many inputs.

    Raises:
        NotRecordable: the function looks at a number.
    """
    leaves = tuple(Recorded() for _ in range(count))
    return Graph(leaves, function(leaves))


def record(function: Function, inputs: Sequence[str], wanted: Sequence[str]) -> Program:
    """Return the program of a function's value and of its gradient with respect to the `wanted` inputs.

    Its inputs are the function's and then "grad": the gradient of some later result with respect to the
    value, never
    -0.0. Its outputs are "value" and then, in the order of `wanted`, "gradient of <input>".

    Raises:
        NotRecordable: the function looks at a number.
    """

    graph, tape = graph_of(function, len(inputs)), Tape()
    symbols = {leaf: tape.input(name) for leaf, name in zip(graph.inputs, inputs, strict=True)}
    grad = tape.input("grad", never_minus_zero=True)
    graph.evaluate(tape, symbols)
    tape.output("value", symbols[graph.result])
    tape.end_values()
    leaf = dict(zip(inputs, graph.inputs, strict=True))
    leaves = [leaf[name] for name in wanted]
    for name, gradient in zip(wanted, differentiate(graph, tape, symbols, grad, leaves), strict=True):
        tape.output(f"gradient of {name}", gradient)
    return tape.program()


def record_gradient(function: Function) -> Program:
    """Return the program of the gradient of a function of one number whose value has been kept.

    Its inputs are "input", "value" and "grad", which is never -0.0; its output is "gradient". What else of
    the way to the value the gradient needs is computed again.

    Raises:
        NotRecordable: the function looks at a number.
    """

    graph, tape = graph_of(function, 1), Tape()
    symbols = {graph.inputs[0]: tape.input("input")}
    symbols[graph.result] = tape.input("value")
    grad = tape.input("grad", never_minus_zero=True)
    graph.evaluate(tape, symbols)
    (gradient,) = differentiate(graph, tape, symbols, grad, graph.inputs)
    tape.output("gradient", gradient)
    return tape.program()
