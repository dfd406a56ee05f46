"""The end of a step: penalties, the limit on the gradients' norm, and the optimizer's rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from numba import njit, types
from numba.extending import register_jitable

import engine.native  # noqa: F401  - teaches Numba the functions that rules call
from engine.kernels.choice import choice
from engine.kernels.memory import BYTES, get, put
from engine.kernels.sums import sum_of_sizes, sum_of_squares
from nn.optimizers import UPDATES, adam, adam_alpha


@njit(nogil=True, error_model="numpy", inline="always")
def penalty(job, layers):
    """Return what the weights add to the loss, as `nn.regularization.penalty` does."""
    total = 0.0
    if job.l1 != 0.0:
        sizes = 0.0
        for place in range(len(layers)):
            sizes += sum_of_sizes(layers[place].weights, layers[place].inputs * layers[place].outputs)
        total += job.l1 * sizes
    if job.l2 != 0.0:
        squares = 0.0
        for place in range(len(layers)):
            squares += sum_of_squares(layers[place].weights, layers[place].inputs * layers[place].outputs)
        total += job.l2 * squares
    return total


@njit(inline="always")
def in_one_row(count):
    """Return the shape of so many parameters that follow each other."""
    return 1, count, 0


@njit(nogil=True, error_model="numpy")
def add_penalty_gradient(job, weights, shape, gradients):
    """Add the penalties' gradients of some weights, as `nn.regularization.add_penalty_gradient` does.

    `weights` is an address and `shape` (rows, columns, doubles from row to row); the gradients follow each
    other.
    """
    if job.l1 == 0.0 and job.l2 == 0.0:
        return
    rows, columns, distance = shape
    for _ in range(rows):
        if job.l1 != 0.0:
            for k in range(columns):
                put(gradients, k, get(gradients, k) + job.l1 * _sign(get(weights, k)))
        if job.l2 != 0.0:
            factor = 2.0 * job.l2
            for k in range(columns):
                put(gradients, k, get(gradients, k) + factor * get(weights, k))
        weights += BYTES * distance
        gradients += BYTES * columns


@njit(nogil=True, error_model="numpy", inline="always")
def _sign(x):
    return 1.0 if x > 0.0 else (-1.0 if x < 0.0 else (0.0 if x == 0.0 else x))


@njit(nogil=True, error_model="numpy", inline="always")
def clip(job):
    """Shorten the gradients to the norm `job.clip` if theirs is greater."""
    norm = math.sqrt(sum_of_squares(job.gradients, job.count))
    if norm > job.clip:
        factor = job.clip / norm
        for k in range(job.count):
            put(job.gradients, k, get(job.gradients, k) * factor)


def _update_loop(update: Callable[..., Any], remembered: int, scalars: int) -> Any:
    """Return the kernel that applies one optimizer's rule to rows of parameters, `distance` doubles apart.

    The gradients follow each other. What is remembered about a parameter is at `memory`, where rows are as
    far apart, and its second number `second` doubles after the first.
    """
    rule: Any = register_jitable(error_model="numpy", forceinline=True)(update)
    take: Any = register_jitable(forceinline=True)(_TAKE[scalars])

    @njit(nogil=True, error_model="numpy")
    def without_memory(parameters, gradients, memory, second, rows, columns, distance, a, b, c, d, e):
        for _ in range(rows):
            for k in range(columns):
                parameter, _ = rule(get(parameters, k), get(gradients, k), (), take(a, b, c, d, e), math.sqrt)
                put(parameters, k, parameter)
            parameters += BYTES * distance
            gradients += BYTES * columns

    @njit(nogil=True, error_model="numpy")
    def with_one(parameters, gradients, memory, second, rows, columns, distance, a, b, c, d, e):
        for _ in range(rows):
            for k in range(columns):
                parameter, state = rule(
                    get(parameters, k), get(gradients, k), (get(memory, k),), take(a, b, c, d, e), math.sqrt
                )
                put(parameters, k, parameter)
                put(memory, k, state[0])
            parameters += BYTES * distance
            gradients += BYTES * columns
            memory += BYTES * distance

    @njit(nogil=True, error_model="numpy")
    def with_two(parameters, gradients, memory, second, rows, columns, distance, a, b, c, d, e):
        for _ in range(rows):
            other = memory + BYTES * second
            for k in range(columns):
                parameter, state = rule(
                    get(parameters, k),
                    get(gradients, k),
                    (get(memory, k), get(other, k)),
                    take(a, b, c, d, e),
                    math.sqrt,
                )
                put(parameters, k, parameter)
                put(memory, k, state[0])
                put(other, k, state[1])
            parameters += BYTES * distance
            gradients += BYTES * columns
            memory += BYTES * distance

    return (without_memory, with_one, with_two)[remembered]


#: The first so many of five scalars.
_TAKE: dict[int, Callable[..., tuple[float, ...]]] = {
    1: lambda a, b, c, d, e: (a,),
    2: lambda a, b, c, d, e: (a, b),
    4: lambda a, b, c, d, e: (a, b, c, d),
    5: lambda a, b, c, d, e: (a, b, c, d, e),
}

_ADAM = next(number for number, (update, _, _) in enumerate(UPDATES) if update is adam)
_alpha: Any = register_jitable(error_model="numpy")(adam_alpha)
_apply = choice([_update_loop(*row) for row in UPDATES], [types.int64] * 7 + [types.float64] * 5)


@njit(nogil=True, error_model="numpy", inline="always")
def begin_update(job, rate):
    """Get ready to update parameters in the step under way with this learning rate."""
    step = job.epoch * job.steps + job.step + 1
    job.rate = _alpha(rate, float(step), job.beta_1, job.beta_2) if job.optimizer == _ADAM else rate


@njit(nogil=True, error_model="numpy")
def update(job, parameters, shape, gradients):
    """Apply the optimizer's rule to parameters: an address and (rows, columns, doubles from row to row).

    Their gradients follow each other.
    """
    rows, columns, distance = shape
    _apply(
        job.optimizer,
        parameters,
        gradients,
        job.memory + (parameters - job.parameters),
        job.count,
        rows,
        columns,
        distance,
        job.rate,
        job.scalar_1,
        job.scalar_2,
        job.scalar_3,
        job.scalar_4,
    )
