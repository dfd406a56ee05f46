"""Functions over `Value` to compile: everything that `nn` has, and generated ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from engine import Value
from engine.operations import OPERATIONS
from nn.activations import ACTIVATIONS
from nn.losses import LOSSES

Function = Callable[[Sequence[Value]], Value]


def named() -> dict[str, tuple[Function, int]]:
    """Return the activations and losses of `nn`, each with its number of inputs."""
    functions: dict[str, tuple[Function, int]] = {}
    for name, activation in ACTIVATIONS.items():
        functions[name] = (lambda values, activation=activation: activation(values[0]), 1)
    for loss, row in LOSSES.items():
        width = 1 if row.elementwise else 4
        functions[loss] = (
            lambda values, row=row, width=width: row.function(values[:width], values[width:]),
            2 * width,
        )
    return functions


@st.composite
def functions(draw: Callable[..., Any], inputs: int = 3) -> Function:
    """Generate a function of so many inputs that uses any operation on anything before it."""
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from(OPERATIONS),
                st.integers(0, 10**6),
                st.integers(0, 10**6),
                st.sampled_from([-1.0, 0.0, 1.0, 2.0, -2.0, 0.5, 0.01, 3.0]),
                st.sampled_from(["node", "number", "number first", "Value first"]),
            ),
            min_size=1,
            max_size=12,
        )
    )

    def function(values: Sequence[Value]) -> Value:
        pool = list(values)
        for row, left, right, number, kind in steps:
            a: Any = pool[left % len(pool)]
            b: Any = pool[right % len(pool)] if kind == "node" else number
            if row.operands == 2 and kind == "Value first":
                a, b = Value(number), a
            elif row.name in ("add", "multiply") and kind == "number first":
                a, b = b, a
            pool.append(eval(row.spelling, {"a": a, "b": b, "c": number}))
        return pool[-1]

    return function
