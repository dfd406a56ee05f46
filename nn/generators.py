"""Datasets made from a formula, for first steps and for tests: the same bits from the same arguments, always.

Classes take turns, so that every batch has samples of each. `noise` is the standard deviation of a normal
distribution that is added to every coordinate (for `linear`: to the target).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random
from typing import Literal

import numpy as np

from engine.elementary import log
from nn.circle import cos_pi, sin_pi
from nn.data import Dataset
from nn.randomness import Purpose, generator

Generator = Literal["xor", "moons", "circles", "spiral", "linear"]
Point = tuple[float, float]

#: Radius of the inner of the two circles; the outer one's is 1.
_INNER_RADIUS = 0.5
#: Half turns from the middle to the end of a spiral's arm.
_SPIRAL_HALF_TURNS = 3.5


def generate(name: Generator, rows: int, noise: float, seed: int) -> Dataset:
    """Return `rows` samples. `xor`, `moons`, `circles` and `spiral` have two inputs and the classes 0 and 1.

    - xor: the corners of the unit square in turn; class 1 where the coordinates differ
    - moons: two interleaving half circles, as scikit-learn's `make_moons`
    - circles: one circle of radius 1 (class 0) and one of 0.5 (class 1) around 0
    - spiral: two arms of 1.75 turns from the middle out to radius 1
    - linear: regression, y = 2 x + 1 with x from U(-1, 1)
    """
    random = generator(Purpose.DATASET, seed)
    normal = _normal(random)
    if name == "linear":
        inputs = [[2.0 * random.random() - 1.0] for _ in range(rows)]
        targets = [[2.0 * x + 1.0 + noise * next(normal)] for (x,) in inputs]
        return Dataset(np.array(inputs), np.array(targets))
    points = [_SHAPES[name](row, rows) for row in range(rows)]
    noisy = [[x + noise * next(normal), y + noise * next(normal)] for (x, y), _ in points]
    classes = [[float(label)] for _, label in points]
    return Dataset(np.array(noisy), np.array(classes), labels=(0, 1))


def _xor(row: int, rows: int) -> tuple[Point, int]:
    x, y = divmod(row % 4, 2)
    return (float(x), float(y)), x ^ y


def _moons(row: int, rows: int) -> tuple[Point, int]:
    label, along = _along(row, rows)
    if label == 0:
        return (cos_pi(along), sin_pi(along)), label
    return (1.0 - cos_pi(along), 0.5 - sin_pi(along)), label


def _circles(row: int, rows: int) -> tuple[Point, int]:
    label, count = row % 2, (rows + 1 - row % 2) // 2
    radius = _INNER_RADIUS if label else 1.0
    angle = 2.0 * (row // 2) / count
    return (radius * cos_pi(angle), radius * sin_pi(angle)), label


def _spiral(row: int, rows: int) -> tuple[Point, int]:
    label, along = _along(row, rows)
    angle = _SPIRAL_HALF_TURNS * along + label
    return (along * cos_pi(angle), along * sin_pi(angle)), label


def _along(row: int, rows: int) -> tuple[int, float]:
    """Return the class of a row, and how far along its class's line it is, from 0 to 1."""
    label = row % 2
    count = (rows + 1 - label) // 2
    return label, row // 2 / max(count - 1, 1)


def _normal(random: Random) -> Iterator[float]:
    """Yield normally distributed numbers by Marsaglia's polar method (1964): a logarithm, a root, no angle."""
    while True:
        x, y = 2.0 * random.random() - 1.0, 2.0 * random.random() - 1.0
        square = x * x + y * y
        if 0.0 < square < 1.0:
            factor = math.sqrt(-2.0 * log(square) / square)
            yield x * factor
            yield y * factor


_SHAPES: dict[str, Callable[[int, int], tuple[Point, int]]] = {
    "xor": _xor,
    "moons": _moons,
    "circles": _circles,
    "spiral": _spiral,
}
