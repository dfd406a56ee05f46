"""PyTorch's usual loop: `torch_loop.py float64` or `float32`."""

from __future__ import annotations

import sys

import torch

from benchmarks.networks import LEARNING_RATE, Network
from benchmarks.training_peers.answering import Begin, Prepare, answer

torch.set_num_threads(1)


def contender(network: Network) -> Prepare:
    """Return what makes the network, its data and its optimizer."""
    kind = getattr(torch, sys.argv[1])
    torch.manual_seed(0)
    layers: list[torch.nn.Module] = []
    for inputs, outputs in zip(network.widths, network.widths[1:], strict=False):
        layers += [torch.nn.Linear(inputs, outputs, dtype=kind), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    x = torch.randn(network.samples, network.widths[0], dtype=kind)
    y = torch.randn(network.samples, network.widths[-1], dtype=kind)
    size = network.batch or network.samples

    def epoch() -> None:
        for first in range(0, network.samples, size):
            loss = torch.nn.functional.mse_loss(model(x[first : first + size]), y[first : first + size])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    def prepared_for(epochs: int) -> Begin:
        def run() -> None:
            for _ in range(epochs):
                epoch()

        return lambda: run

    return prepared_for


if __name__ == "__main__":
    answer(contender)
