"""What a training costs as it grows: width, depth, samples and epochs doubled, one at a time.

`python -m benchmarks.growth`. The compiled trainer alone, CPU milliseconds of whole trainings, the least of
several; "x" is how many times the line before. A training that fills its tiles twice as well costs less than
twice as much, so the first lines of a table grow slowly; one that leaves a cache grows faster than its work.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from benchmarks.networks import Network
from benchmarks.training_peers.gradqueue import WORK, data_of, spec_of
from nn import trainers
from nn.preparation import prepare

REPETITIONS = 5
#: What grows: 16 inputs, two hidden layers of 64, one output; 512 samples, batches of 32, ten epochs.
BASE = Network((16, 64, 64, 1), 512, 32, 10)


def widths() -> Iterator[tuple[str, Network]]:
    """Double the hidden layers' width: the work grows fourfold."""
    for width in (8, 16, 32, 64, 128, 256, 512):
        yield f"{width} wide", replace(BASE, widths=(16, width, width, 1))


def depths() -> Iterator[tuple[str, Network]]:
    """Double the number of hidden layers."""
    for depth in (1, 2, 4, 8, 16, 32):
        yield f"{depth} hidden layers", replace(BASE, widths=(16, *[64] * depth, 1))


def samples() -> Iterator[tuple[str, Network]]:
    """Double the number of samples."""
    for count in (128, 256, 512, 1024, 2048, 4096, 8192):
        yield f"{count} samples", replace(BASE, samples=count)


def epochs() -> Iterator[tuple[str, Network]]:
    """Double the number of epochs."""
    for count in (5, 10, 20, 40, 80):
        yield f"{count} epochs", replace(BASE, epochs=count)


GROWTHS: dict[str, Callable[[], Iterator[tuple[str, Network]]]] = {
    "width": widths,
    "depth": depths,
    "samples": samples,
    "epochs": epochs,
}


def seconds(network: Network) -> float:
    """Return the CPU seconds of the training, its start included."""
    spec, dataset = spec_of(network, network.epochs), data_of(network)
    prepared = prepare(spec, dataset)
    times = []
    for _ in range(REPETITIONS):
        began = time.process_time()
        trainer = trainers.start(spec, prepared)
        while trainer.advance(WORK).stop_reason is None:
            pass
        assert np.isfinite(trainer.parameters()).all()
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    """Print a table for each thing that grows."""
    trainers.warm()
    for name in sys.argv[1:] or GROWTHS:
        print(f"\n{name:20}{'ms':>10}{'x':>8}{'Mflop':>12}{'x':>8}{'Gflop/s':>10}")
        before: tuple[float, int] | None = None
        for label, network in GROWTHS[name]():
            took, flops = seconds(network), network.flops * network.epochs
            grown, work = (
                ("", "") if before is None else (f"{took / before[0]:.2f}", f"{flops / before[1]:.2f}")
            )
            speed = flops / took / 1e9
            print(
                f"{label:20}{took * 1e3:10.2f}{grown:>8}{flops / 1e6:12,.1f}{work:>8}{speed:10.1f}",
                flush=True,
            )
            before = took, flops


if __name__ == "__main__":
    main()
