"""Our trainers: `gradqueue.py compiled` or `gradqueue.py reference`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import numpy as np

from benchmarks.networks import LEARNING_RATE, Network
from benchmarks.training_peers.answering import Begin, Prepare, Run, answer
from nn import trainers
from nn.data import Dataset
from nn.preparation import prepare
from nn.spec import Constant, ModelSpec, Sgd, Spec, TrainingSpec

if TYPE_CHECKING:
    from nn.training import TrainerName

#: Multiply-adds per call, as the worker has it: about a tenth of a second.
WORK = 2_000_000_000
#: The interpreted reference trains on no more weights, counted once per sample: half a second.
MOST_WEIGHTS = 700_000


def spec_of(network: Network, epochs: int) -> Spec:
    """Return a training of so many epochs."""
    hidden = len(network.widths) - 2
    return Spec(
        "regression",
        ModelSpec(network.widths[1:], ("relu",) * hidden, "linear", "xavier"),
        TrainingSpec(
            epochs=epochs,
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


def data_of(network: Network) -> Dataset:
    """Return random samples."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(network.samples, network.widths[0]))
    return Dataset(inputs, random.normal(size=(network.samples, network.widths[-1])))


def contender(network: Network) -> Prepare:
    """Return what trains the network, whole epochs at a time and in calls as long as the worker's."""
    dataset, kind = data_of(network), cast("TrainerName", sys.argv[1])

    # The first epoch touches new memory, page by page; the peers keep theirs from measurement to measurement.
    before = 1 if kind == "compiled" else 0

    def prepared_for(epochs: int) -> Begin:
        spec = spec_of(network, before + epochs)
        prepared = prepare(spec, dataset)

        def begin() -> Run:
            trainer = trainers.start(spec, prepared, None, kind)
            while before and trainer.advance(1).epoch < before:
                pass

            def run() -> None:
                while trainer.advance(WORK).stop_reason is None:
                    pass

            return run

        return begin

    return prepared_for


if __name__ == "__main__":
    trainers.warm()
    is_reference = sys.argv[1] == "reference"
    answer(contender, is_fast=not is_reference, most_weights=MOST_WEIGHTS if is_reference else None)
