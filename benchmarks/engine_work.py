"""The work of `engine_vs_micrograd`, for any module that has a `Value`: `python engine_work.py engine`.

Reads the name of a workload per line and answers with the seconds it took (CPU time for building the graph,
`backward()` and letting go of the graph) and the gradients that came out.
"""

from __future__ import annotations

import importlib
import json
import random
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

Value = importlib.import_module(sys.argv[1]).Value


def network(widths: list[int], draw: random.Random) -> list[list[list[Any]]]:
    """Return layers of neurons of weights and, last, a bias."""
    return [
        [[*(Value(draw.uniform(-1, 1)) for _ in range(inputs)), Value(0.0)] for _ in range(outputs)]
        for inputs, outputs in pairwise(widths)
    ]


def predict(layers: list[list[list[Any]]], numbers: list[Any]) -> Any:
    """Run the network: ReLU after every layer but the last."""
    for depth, layer in enumerate(layers):
        sums = []
        for *weights, bias in layer:
            total = bias
            for weight, number in zip(weights, numbers, strict=True):
                total = total + weight * number
            sums.append(total if depth == len(layers) - 1 else total.relu())
        numbers = sums
    return numbers[0]


def parameters(layers: list[list[list[Any]]]) -> list[Any]:
    """Return every weight and bias."""
    return [parameter for layer in layers for neuron in layer for parameter in neuron]


Work = tuple[list[Any], Callable[[], Any]]


def tutorial() -> Work:
    """One epoch's loss of the tutorial: 3-3-3-1, three samples."""
    layers = network([3, 3, 3, 1], random.Random(0))
    samples = [([0.5, 0.5, 0.7], 0.0), ([0.4, -0.1, 0.5], 1.0), ([-0.2, -0.75, 1.0], 0.0)]
    return parameters(layers), lambda: sum(
        (predict(layers, inputs) - target) ** 2 for inputs, target in samples
    )


def demo(count: int) -> Work:
    """One epoch's loss of micrograd's demo: 2-16-16-1, hinge loss, L2, `count` labelled points."""
    layers = network([2, 16, 16, 1], random.Random(0))
    draw = random.Random(1)
    points = [[draw.uniform(-1, 1), draw.uniform(-1, 1)] for _ in range(count)]
    samples = [(point, 1.0 if point[0] > point[1] else -1.0) for point in points]

    def loss() -> Any:
        losses = [(1 + -label * predict(layers, point)).relu() for point, label in samples]
        return sum(losses) * (1.0 / count) + 1e-4 * sum(p * p for p in parameters(layers))

    return parameters(layers), loss


def deep_sum() -> Work:
    """A sum of 10,000 terms: as deep as it is long."""
    terms = [Value(1.0 / n) for n in range(1, 10_001)]
    return terms, lambda: sum(terms)


def pairs() -> Work:
    """Ten thousand products added in pairs: wide and shallow."""
    draw = random.Random(2)
    leaves = [Value(draw.uniform(-1, 1)) for _ in range(10_000)]

    def total() -> Any:
        level = [left * right for left, right in zip(leaves, reversed(leaves), strict=True)]
        while len(level) > 1:
            rest = level[len(level) & ~1 :]
            level = [left + right for left, right in zip(level[::2], level[1::2], strict=False)] + rest
        return level[0]

    return leaves, total


def every_operator() -> Work:
    """Sums, products, quotients, powers and ReLUs of plain numbers and `Value`s."""
    a, b = Value(-0.4), Value(0.2)

    def program() -> Any:
        x, y = a, b
        for _ in range(200):
            x, y = (x * 0.5 + y / 4.0 - 0.1).relu() + a * y, 1.0 / (y**2 + 3.0) - x * 0.25
        return x + y

    return [a, b], program


#: Name, what makes the work, and how often it is done per timing.
WORKLOADS: dict[str, tuple[Callable[[], Work], int]] = {
    "tutorial": (tutorial, 50),
    "demo, 10 samples": (lambda: demo(10), 1),
    "demo, 100 samples": (lambda: demo(100), 1),
    "sum of 10,000": (deep_sum, 1),
    "10,000 products": (pairs, 1),
    "every operator": (every_operator, 5),
}


def timed(make: Callable[[], Work], times: int) -> dict[str, Any]:
    """Do the work `times` times and return the seconds of one, with the gradients of the last."""
    leaves, build = make()
    started = time.process_time()
    for _ in range(times):
        for leaf in leaves:
            leaf.grad = 0.0
        result = build()
        result.backward()
        del result
    seconds = (time.process_time() - started) / times
    return {"seconds": seconds, "gradients": [leaf.grad for leaf in leaves]}


if __name__ == "__main__":
    # micrograd walks its graph by recursion.
    sys.setrecursionlimit(1_000_000)
    for line in sys.stdin:
        print(json.dumps(timed(*WORKLOADS[line.strip()])), flush=True)
