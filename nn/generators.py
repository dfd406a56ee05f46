"""Datasets made from a formula, for first steps and for tests: the same bits from the same arguments, always.

The classes take turns row by row, so that batches are mixed without a shuffle. `noise` is the standard
deviation of normally distributed numbers added to every input (for `linear`: to the target).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random
from typing import Literal, get_args

import numpy as np

from engine.elementary import cos, log, sin
from nn.data import Dataset
from nn.randomness import Purpose, generator

GeneratorName = Literal["xor", "moons", "circles", "spiral", "linear"]
GENERATORS: tuple[GeneratorName, ...] = get_args(GeneratorName)

Point = tuple[float, float]

#: Radius of the inner of the two circles; the outer one's is 1.
_INNER_RADIUS = 0.5
_PI = 3.141592653589793
#: Angle of a spiral's arm, from the middle to its end: 1.75 turns.
_SPIRAL_ANGLE = 3.5 * _PI


def generate(name: GeneratorName, rows: int, noise: float, seed: int) -> Dataset:
    """Return `rows` samples; two inputs and the classes 0 and 1 unless said.

    - xor: the corners of the unit square in turn; class 1 where the coordinates differ
    - moons: two interleaving half circles, as scikit-learn's `make_moons`
    - circles: one circle of radius 1 (class 0) and one of 0.5 (class 1) around 0
    - spiral: two arms of 1.75 turns out to radius 1, as TensorFlow's playground
    - linear: regression, one input x from U(-1, 1), target 2 x + 1
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
    label, place, count = _place(row, rows)
    angle = _PI * place / max(count - 1, 1)
    if label == 0:
        return (cos(angle), sin(angle)), label
    return (1.0 - cos(angle), 0.5 - sin(angle)), label


def _circles(row: int, rows: int) -> tuple[Point, int]:
    label, place, count = _place(row, rows)
    radius, angle = (_INNER_RADIUS if label else 1.0), 2.0 * _PI * place / count
    return (radius * cos(angle), radius * sin(angle)), label


def _spiral(row: int, rows: int) -> tuple[Point, int]:
    label, place, count = _place(row, rows)
    radius = (place + 1) / count
    angle = _SPIRAL_ANGLE * radius + _PI * label
    return (radius * cos(angle), radius * sin(angle)), label


def _place(row: int, rows: int) -> tuple[int, int, int]:
    """Return the class of a row, its place in its class from 0, and how many rows the class has."""
    label = row % 2
    return label, row // 2, (rows + 1 - label) // 2


def _normal(random: Random) -> Iterator[float]:
    """Yield normally distributed numbers; the polar method of G. Marsaglia and T. A. Bray (1964)."""
    while True:
        x, y = 2.0 * random.random() - 1.0, 2.0 * random.random() - 1.0
        square = x * x + y * y
        if 0.0 < square < 1.0:
            factor = math.sqrt(-2.0 * log(square) / square)
            yield x * factor
            yield y * factor


_SHAPES: dict[GeneratorName, Callable[[int, int], tuple[Point, int]]] = {
    "xor": _xor,
    "moons": _moons,
    "circles": _circles,
    "spiral": _spiral,
}
