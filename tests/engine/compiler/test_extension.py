"""A program of many outputs, concluded from programs of a few, is the one that recording gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine import Value
from engine.compiler.code import allocate
from engine.compiler.extension import extended
from engine.compiler.flat import Flat, flatten
from engine.compiler.recording import record
from nn.losses import LOSSES
from tests.engine.compiler.verifier import verify_code

if TYPE_CHECKING:
    from engine.compiler.program import Program

#: Outputs with which every loop turns often enough to be seen.
FEW = 6

Loss = Callable[[Sequence[Value], Sequence[Value]], Value]


def program_of(loss: Loss, width: int) -> Program:
    predictions = [f"prediction {place}" for place in range(width)]
    targets = [f"target {place}" for place in range(width)]
    return record(lambda values: loss(values[:width], values[width:]), [*predictions, *targets], predictions)


def few(loss: Loss, width: int = FEW) -> list[Flat]:
    return [flatten(program_of(loss, width + more)) for more in range(3)]


def sum_of_squares_over_their_product(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    squares = [(p - t) ** 2 for p, t in zip(predictions, targets, strict=True)]
    return reduce(add, squares) / (reduce(lambda a, b: a * b, predictions) + 1.0)


def softmax_with_a_leaky_maximum(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    largest = reduce(lambda a, b: a.maximum(b).leaky_relu(0.5), predictions)
    terms = [(p - largest).exp() * t for p, t in zip(predictions, targets, strict=True)]
    return reduce(add, terms).log()


def without_gradients_of_most(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    return reduce(add, [t.tanh() for t in targets]) * predictions[0]


EXTENDED: dict[str, Loss] = {
    **{name: row.function for name, row in LOSSES.items() if row.extends},
    **{
        loss.__name__: loss
        for loss in (
            sum_of_squares_over_their_product,
            softmax_with_a_leaky_maximum,
            without_gradients_of_most,
        )
    },
}


@pytest.mark.parametrize("width", [9, 10, 33, 70, 150])
@pytest.mark.parametrize("name", EXTENDED)
def test_what_is_concluded_is_what_would_be_recorded(name: str, width: int) -> None:
    program = program_of(EXTENDED[name], width)
    recorded, concluded = flatten(program), extended(few(EXTENDED[name]), width - FEW)

    assert concluded is not None
    assert np.array_equal(concluded.instructions, recorded.instructions)
    assert np.array_equal(concluded.outputs, recorded.outputs)
    assert (concluded.values, concluded.inputs) == (recorded.values, recorded.inputs)
    assert concluded.constants == recorded.constants
    verify_code(allocate(concluded), program)


def by_parity(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    """Treat an odd number of outputs otherwise."""
    total = reduce(add, [p * t for p, t in zip(predictions, targets, strict=True)])
    return total.tanh() if len(predictions) % 2 else total


def by_pairs(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    """Join everything with everything, so that a loop turns ever more often."""
    return reduce(add, [p * t for p in predictions for t in targets])


def with_the_number_of_outputs(predictions: Sequence[Value], targets: Sequence[Value]) -> Value:
    """Divide by it, which is another constant for every number."""
    return reduce(add, [p * t for p, t in zip(predictions, targets, strict=True)]) / float(len(predictions))


@pytest.mark.parametrize("loss", [by_parity, by_pairs, with_the_number_of_outputs])
def test_a_function_that_shows_no_loops_is_not_extended(loss: Loss) -> None:
    assert extended(few(loss), 20) is None


def test_programs_too_small_to_show_a_loop_are_not_extended() -> None:
    assert extended(few(LOSSES["cross_entropy"].function, 1), 20) is None


def test_a_third_program_that_is_not_as_foreseen_is_not_extended() -> None:
    one, two, three = few(LOSSES["cross_entropy"].function)
    assert extended([one, two, three], 20) is not None
    for place in range(len(three.instructions)):
        other = three.instructions.copy()
        other[place, 1] += 1
        assert extended([one, two, replace(three, instructions=other)], 20) is None
