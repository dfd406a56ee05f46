"""From a function over `Value` to its code: every stage is whole, and means what the one before it means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Value
from engine.compiler.code import assemble
from engine.compiler.program import evaluate
from engine.compiler.recorded import NotRecordable
from engine.compiler.recording import graph_of, record, record_gradient
from nn.losses import LOSSES
from tests.engine.compiler.functions import Function, functions, named
from tests.engine.compiler.verifier import verify_code, verify_graph, verify_program

_AWKWARD = [0.0, -0.0, 1.0, -1.0, 5e-324, -1e-310, 1e-160, 1e300, -1e300, math.inf, -math.inf, math.nan]
_numbers = st.sampled_from(_AWKWARD) | st.floats()


def by_values(function: Function, numbers: Sequence[float], grad: float) -> dict[str, float]:
    """Return what `Value` makes of it: the value, and the gradients of grad * value."""
    leaves = [Value(number) for number in numbers]
    result = function(leaves)
    (result * grad).backward()
    gradients = {f"gradient of {place}": leaf.grad for place, leaf in enumerate(leaves)}
    return {"value": result.data, **gradients}


def same(one: dict[str, float], other: dict[str, float]) -> bool:
    """Tell whether two results have the same bits; what is not a number may be so in any way."""
    return {name: x.hex() for name, x in one.items()} == {name: x.hex() for name, x in other.items()}


def check(function: Function, numbers: Sequence[float], grad: float) -> None:
    names = [str(place) for place in range(len(numbers))]
    graph = graph_of(function, len(numbers))
    verify_graph(graph)
    program = record(function, names, names)
    verify_program(program)
    verify_code(assemble(program), program)
    assert same(evaluate(program, [*numbers, grad]), by_values(function, numbers, grad))


@settings(max_examples=300, deadline=None)
@given(functions(), st.lists(_numbers, min_size=3, max_size=3), st.sampled_from([1.0, 0.25, -3.0, 1e-300]))
def test_any_function_means_the_same_in_every_stage(
    function: Function, numbers: list[float], grad: float
) -> None:
    check(function, numbers, grad)


@pytest.mark.parametrize("name", named())
def test_what_nn_compiles_means_the_same_in_every_stage(name: str) -> None:
    function, inputs = named()[name]
    draw = Random(30)
    for _ in range(100):
        numbers = [draw.choice([*_AWKWARD, draw.gauss(0.0, 2.0)]) for _ in range(inputs)]
        check(function, numbers, draw.choice([1.0, 0.1]))


@pytest.mark.parametrize("name", [name for name, (_, inputs) in named().items() if inputs == 1])
def test_a_gradient_from_a_kept_value_is_the_gradient(name: str) -> None:
    """An activation's value is kept from the way forward, so that the way back does not compute it again."""
    function, _ = named()[name]
    program = record_gradient(function)
    verify_program(program)
    verify_code(assemble(program), program)
    draw = Random(31)
    for x in [*_AWKWARD, *(draw.gauss(0.0, 2.0) for _ in range(100))]:
        expected = by_values(function, [x], 0.75)
        found = evaluate(program, [x, expected["value"], 0.75])
        assert same({"gradient": expected["gradient of 0"]}, found)


def test_every_stage_prints_itself() -> None:
    function, inputs = named()["squared_error"]
    program = record(function, ["prediction", "target"], ["prediction"])

    assert str(graph_of(function, inputs)).splitlines() == [
        "inputs 2",
        "  %0 = multiply input 1, -1.0",
        "  %1 = add input 0, %0",
        "  %2 = power %1, 2.0",
        "result %2",
    ]
    assert "%0 = subtract prediction, target" in str(program)
    assert str(program).splitlines()[-1].startswith("output gradient of prediction = ")
    printed = str(assemble(program)).splitlines()
    assert printed[0].startswith("rows ")
    assert "gradients" in printed
    assert len(printed) == len(program.instructions) + 2


@pytest.mark.parametrize(
    "function",
    [
        lambda values: values[0] if values[0].data > 3.7 else values[0] * 0.1,
        lambda values: values[0] * values[0].data,
        lambda values: (values[0] * 2.0).tanh() if values[0].exp().data == 1.0 else values[0],
        lambda values: sum((values[0] for _ in range(int(values[0].data))), Value(0.0)),
    ],
    ids=["branch", "factor", "branch later on", "loop"],
)
def test_a_function_that_looks_at_a_number_is_refused(function: Function) -> None:
    with pytest.raises(NotRecordable):
        record(function, ["x"], ["x"])


def test_a_recorded_function_prints_its_numbers_as_unknown() -> None:
    graph = graph_of(lambda values: values[0] + 1.0, 1)
    assert repr(graph.result) == "Value(data=?)"


def test_a_wide_loss_is_compiled_in_time_that_grows_with_its_width_only() -> None:
    row = LOSSES["cross_entropy"]
    names = [str(place) for place in range(200)]
    program = record(lambda values: row.function(values[:100], values[100:]), names, names[:100])
    verify_program(program)
    assert len(program.instructions) < 20 * 100
