"""Our trainers: `gradqueue.py compiled` or `gradqueue.py reference`."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.networks import LEARNING_RATE, Network
from benchmarks.training_peers.answering import Run, answer
from nn import trainers
from nn.data import Dataset
from nn.preparation import prepare
from nn.spec import Constant, ModelSpec, Sgd, Spec, TrainingSpec

#: Multiply-adds per call, as the worker has it: about a tenth of a second.
WORK = 400_000_000
#: The interpreted reference trains no more than about so many multiply-adds in one measurement.
REFERENCE_WORK = 1_000_000


def spec_of(network: Network) -> Spec:
    """Return a training of the network that does not end by itself."""
    hidden = len(network.widths) - 2
    return Spec(
        "regression",
        ModelSpec(network.widths[1:], ("relu",) * hidden, "linear", "xavier"),
        TrainingSpec(
            epochs=10**12,
            learning_rate=LEARNING_RATE,
            optimizer=Sgd(),
            schedule=Constant(),
            loss="squared_error",
            reduction="mean",
            batch_size=network.batch,
            shuffle=False,
            seed=0,
            l1=0.0,
            l2=0.0,
            gradient_clip_norm=None,
            validation_split=None,
            early_stopping=None,
            standardize=False,
        ),
    )


def prepared(network: Network) -> Run:
    """Return a run of so many epochs more of one training."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(network.samples, network.widths[0]))
    targets = random.normal(size=(network.samples, network.widths[-1]))
    spec = spec_of(network)
    kind = sys.argv[1]
    trainer = trainers.start(spec, prepare(spec, Dataset(inputs, targets)), None, kind)
    work = WORK if kind == "compiled" else REFERENCE_WORK
    wanted = network.epochs if kind == "compiled" else 1
    at = 0

    def run() -> int:
        nonlocal at
        began = at
        while at - began < wanted:
            at = trainer.advance(work).epoch
        return at - began

    return run


if __name__ == "__main__":
    trainers.warm()
    answer(prepared)
