"""scikit-learn's `MLPRegressor`, epoch by epoch."""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPRegressor

from benchmarks.networks import LEARNING_RATE, Network
from benchmarks.training_peers.answering import Run, answer

#: A step takes about 70 us, so fewer epochs than ours give as good a measurement.
STEPS = 500


def prepared(network: Network) -> Run:
    """Make the data and a regressor whose `partial_fit` trains one epoch."""
    random = np.random.default_rng(0)
    x = random.normal(size=(network.samples, network.widths[0]))
    y = random.normal(size=(network.samples, network.widths[-1]))
    y = y.ravel() if network.widths[-1] == 1 else y
    size = network.batch or network.samples
    regressor = MLPRegressor(
        hidden_layer_sizes=network.widths[1:-1],
        solver="sgd",
        momentum=0.0,
        alpha=0.0,
        batch_size=size,
        learning_rate_init=LEARNING_RATE,
        shuffle=False,
    )
    epochs = max(1, min(network.epochs, STEPS // -(-network.samples // size)))

    def run() -> int:
        for _ in range(epochs):
            regressor.partial_fit(x, y)
        return epochs

    return run


if __name__ == "__main__":
    answer(prepared)
