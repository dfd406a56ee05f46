"""micrograd's own loop: build the loss of the batch, zero the gradients, `backward()`, update."""

from __future__ import annotations

import random
import sys

from micrograd.nn import MLP

from benchmarks.networks import LEARNING_RATE, Network
from benchmarks.training_peers.answering import Begin, Prepare, answer

#: Trains on no more weights, counted once per sample: all of its own demo, which takes it about a second.
MOST_WEIGHTS = 31_000

# Its `backward` calls itself once per term of a sum.
sys.setrecursionlimit(1_000_000)


def contender(network: Network) -> Prepare:
    """Return what makes the network and its data."""
    draw = random.Random(0)
    inputs, *widths = network.widths
    model = MLP(inputs, widths)
    x = [[draw.gauss(0, 1) for _ in range(inputs)] for _ in range(network.samples)]
    y = [[draw.gauss(0, 1) for _ in range(widths[-1])] for _ in range(network.samples)]
    size = network.batch or network.samples

    def step(x: list[list[float]], y: list[list[float]]) -> None:
        total = 0.0
        for sample, wanted in zip(x, y, strict=True):
            outputs = model(sample)
            outputs = outputs if isinstance(outputs, list) else [outputs]
            total = total + sum(
                (output - target) ** 2 for output, target in zip(outputs, wanted, strict=True)
            )
        loss = total * (1.0 / (len(x) * widths[-1]))
        model.zero_grad()
        loss.backward()
        for parameter in model.parameters():
            parameter.data -= LEARNING_RATE * parameter.grad

    def prepared_for(epochs: int) -> Begin:
        def run() -> None:
            for _ in range(epochs):
                for first in range(0, network.samples, size):
                    step(x[first : first + size], y[first : first + size])

        return lambda: run

    return prepared_for


if __name__ == "__main__":
    answer(contender, most_weights=MOST_WEIGHTS)
