"""The stages of a compilation, printed for a reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.compiler.code import assemble
from engine.compiler.recording import graph_of, record

if TYPE_CHECKING:
    from engine.value import Value


def explain(function: Callable[..., Value], *inputs: str) -> str:
    """Return what becomes of a function of `Value`s: its graph, its program with the gradient, its code.

    `inputs` names the function's arguments; the gradient is with respect to the first.

    Raises:
        NotRecordable: the function looks at a number.
    """

    def of_all(values: object) -> Value:
        return function(*values)  # type: ignore[misc]

    program = record(of_all, inputs, inputs[:1])
    stages = {"graph": graph_of(of_all, len(inputs)), "program": program, "code": assemble(program)}
    return "\n\n".join(f"{name}\n{stage}" for name, stage in stages.items())
