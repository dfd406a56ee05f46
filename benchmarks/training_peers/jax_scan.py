"""JAX, the whole run compiled, epochs and steps as scans: `jax_scan.py float64` or `float32`."""

from __future__ import annotations

import sys

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.networks import LEARNING_RATE, Network
from benchmarks.training_peers.answering import Begin, Prepare, answer

jax.config.update("jax_enable_x64", True)


def forward(parameters, x):
    """Return the predictions for samples `x`."""
    *hidden, last = parameters
    for weights, biases in hidden:
        x = jax.nn.relu(x @ weights.T + biases)
    return x @ last[0].T + last[1]


def loss(parameters, x, y):
    """Return the mean squared error of a batch."""
    return jnp.mean((forward(parameters, x) - y) ** 2)


def step(parameters, batch):
    """Return the parameters after a step of SGD, and the loss before it."""
    value, gradients = jax.value_and_grad(loss)(parameters, *batch)
    moved = jax.tree.map(lambda p, g: (p - LEARNING_RATE * g).astype(p.dtype), parameters, gradients)
    return moved, value


def contender(network: Network) -> Prepare:
    """Return what compiles a run of so many epochs; data and parameters are on the device before it runs."""
    kind = np.dtype(sys.argv[1])
    random = np.random.default_rng(0)
    parameters = jax.device_put(
        [
            (random.uniform(-1, 1, (b, a)).astype(kind) / np.sqrt(a).astype(kind), np.zeros(b, kind))
            for a, b in zip(network.widths, network.widths[1:], strict=False)
        ]
    )
    x = random.normal(size=(network.samples, network.widths[0])).astype(kind)
    y = random.normal(size=(network.samples, network.widths[-1])).astype(kind)
    size = network.batch or network.samples
    whole = network.samples // size * size
    batches = tuple(jnp.asarray(array[:whole].reshape(-1, size, array.shape[1])) for array in (x, y))
    rest = tuple(map(jnp.asarray, (x[whole:], y[whole:])))

    def epoch(parameters, data):
        batches, rest = data
        if whole == size:
            parameters, values = step(parameters, (batches[0][0], batches[1][0]))
        else:
            parameters, values = jax.lax.scan(step, parameters, batches)
        total = values.sum()
        if whole < network.samples:
            parameters, value = step(parameters, rest)
            total += value
        return parameters, total

    def prepared_for(epochs: int) -> Begin:
        def everything(parameters, data):
            return jax.lax.scan(lambda p, _: epoch(p, data), parameters, None, length=epochs)

        data = (batches, rest)
        compiled = jax.jit(everything).lower(parameters, data).compile()
        return lambda: lambda: jax.block_until_ready(compiled(parameters, data))

    return prepared_for


if __name__ == "__main__":
    answer(contender, is_fast=True)
