"""scikit-learn's `MLPRegressor`, epoch by epoch."""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPRegressor

from benchmarks.networks import LEARNING_RATE, Network
from benchmarks.training_peers.answering import Begin, Prepare, answer


def contender(network: Network) -> Prepare:
    """Return what makes a regressor whose `partial_fit` trains one epoch."""
    random = np.random.default_rng(0)
    x = random.normal(size=(network.samples, network.widths[0]))
    y = random.normal(size=(network.samples, network.widths[-1]))
    y = y.ravel() if network.widths[-1] == 1 else y
    regressor = MLPRegressor(
        hidden_layer_sizes=network.widths[1:-1],
        solver="sgd",
        momentum=0.0,
        alpha=0.0,
        batch_size=network.batch or network.samples,
        learning_rate_init=LEARNING_RATE,
        shuffle=False,
    )

    def prepared_for(epochs: int) -> Begin:
        def run() -> None:
            for _ in range(epochs):
                regressor.partial_fit(x, y)

        return lambda: run

    return prepared_for


if __name__ == "__main__":
    answer(contender)
