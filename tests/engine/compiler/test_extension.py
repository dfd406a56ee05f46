"""The code of many outputs, concluded from codes of a few, is the one that recording gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine import Value
from engine.compiler.code import Code, assemble
from engine.compiler.extension import Extension, extension
from engine.compiler.recording import record
from nn.losses import LOSSES
from tests.engine.compiler.verifier import verify_code

if TYPE_CHECKING:
    from engine.compiler.program import Program

#: Outputs with which every loop turns often enough to be seen.
FEW = 12
#: Outputs of a step. With an odd number of outputs more, rows of memory are shared otherwise.
STEP = 2

Loss = Callable[[Sequence[Value], Sequence[Value]], Value]


def program_of(loss: Loss, width: int) -> Program:
    predictions = [f"prediction {place}" for place in range(width)]
    targets = [f"target {place}" for place in range(width)]
    return record(lambda values: loss(values[:width], values[width:]), [*predictions, *targets], predictions)


def few(loss: Loss, width: int = FEW) -> tuple[Code, Code, Code]:
    one, two, three = (assemble(program_of(loss, width + steps * STEP)) for steps in range(3))
    return one, two, three


def of_few(loss: Loss, width: int = FEW) -> Extension | None:
    return extension(*few(loss, width))


def sum_of_squares_over_their_product(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    squares = [(p - t) ** 2 for p, t in zip(predictions, targets, strict=True)]
    return reduce(add, squares) / (reduce(lambda a, b: a * b, predictions) + 1.0)


def softmax_with_a_leaky_maximum(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    largest = reduce(lambda a, b: a.maximum(b).leaky_relu(0.5), predictions)
    terms = [(p - largest).exp() * t for p, t in zip(predictions, targets, strict=True)]
    return reduce(add, terms).log()


def without_gradients_of_most(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    return reduce(add, [t.tanh() for t in targets]) * predictions[0]


def cubes(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    return reduce(add, [(p - t) ** 3.0 for p, t in zip(predictions, targets, strict=True)])


EXTENDED: dict[str, Loss] = {
    **{name: row.function for name, row in LOSSES.items() if row.extends},
    **{
        loss.__name__: loss
        for loss in (
            sum_of_squares_over_their_product,
            softmax_with_a_leaky_maximum,
            without_gradients_of_most,
            cubes,
        )
    },
}


@pytest.mark.parametrize("width", [14, 15, 33, 70, 151])
@pytest.mark.parametrize("name", EXTENDED)
def test_what_is_concluded_is_what_would_be_recorded(name: str, width: int) -> None:
    program = program_of(EXTENDED[name], width)
    steps, more = divmod(width - FEW, STEP)
    found = of_few(EXTENDED[name], FEW + more)
    assert found is not None
    recorded, concluded = assemble(program), found.code(steps)

    assert np.array_equal(concluded.instructions, recorded.instructions)
    assert concluded.constants == recorded.constants
    assert (concluded.values, concluded.inputs) == (recorded.values, recorded.inputs)
    assert (concluded.outputs, concluded.temporaries) == (recorded.outputs, recorded.temporaries)
    verify_code(concluded, program)


def by_fours(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    """Treat every other even number of outputs otherwise."""
    total = reduce(add, [p * t for p, t in zip(predictions, targets, strict=True)])
    return total.tanh() if len(predictions) % 4 else total


def by_pairs(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    """Join everything with everything, so that a loop turns ever more often."""
    return reduce(add, [p * t for p in predictions for t in targets])


def with_the_number_of_outputs(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    """Divide by it, which is another constant for every number."""
    return reduce(add, [p * t for p, t in zip(predictions, targets, strict=True)]) / float(len(predictions))


@pytest.mark.parametrize("loss", [by_fours, by_pairs, with_the_number_of_outputs])
def test_a_function_that_shows_no_loops_is_not_extended(loss: Loss) -> None:
    assert of_few(loss) is None


def test_codes_too_small_to_show_a_loop_are_not_extended() -> None:
    assert of_few(LOSSES["cross_entropy"].function, 1) is None


def test_a_third_code_that_is_not_as_foreseen_is_not_extended() -> None:
    one, two, three = few(LOSSES["cross_entropy"].function)
    assert extension(one, two, three) is not None
    assert extension(one, two, replace(three, temporaries=three.temporaries + 1)) is None
    for place in range(len(three.instructions)):
        other = three.instructions.copy()
        other[place, 1] += 1
        assert extension(one, two, replace(three, instructions=other)) is None


def test_zero_and_minus_zero_are_not_the_same_constant() -> None:
    one, two, three = (replace(code, constants=(0.0, *code.constants[1:])) for code in few(cubes))
    assert extension(one, two, three) is not None
    assert extension(one, two, replace(three, constants=(-0.0, *three.constants[1:]))) is None
