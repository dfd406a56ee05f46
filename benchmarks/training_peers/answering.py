"""The half of a contender that runs in the peer's own environment: a line in, a line of JSON out."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from benchmarks.networks import NETWORKS, Network

#: Trains; this is what is timed.
Run = Callable[[], object]
#: Makes a training ready to run. Called before every measurement and not timed.
Begin = Callable[[], Run]
#: Makes data, parameters and compiled code for so many epochs. Called once and timed apart.
Prepare = Callable[[int], Begin]

#: CPU seconds that a measurement should last, with a contender that is too slow for `Network.epochs`.
SECONDS = 0.1


def answer(
    contender: Callable[[Network], Prepare], *, is_fast: bool = False, most_weights: int | None = None
) -> None:
    """Answer every line of standard input, the name of a network, with the CPU seconds of one epoch.

    One that `is_fast` trains `Network.epochs`, any other what lasts about `SECONDS`. With `most_weights` a
    contender trains on as few samples as have no more weights in all, and its time is multiplied with those
    left out: that favours it, for none of them costs less in a larger graph. If one sample has more it
    answers with nothing but the reason.
    """
    prepared: dict[str, tuple[Begin, int, int, float]] = {}
    for line in sys.stdin:
        network = NETWORKS[line.rstrip("\n")]
        samples = min(network.samples, (most_weights or sys.maxsize) // network.weights)
        if samples == 0:
            reason = f"one sample makes a graph of {2 * network.weights:,} nodes"
            print(json.dumps({"left_out": reason}), flush=True)
            continue
        if network.name not in prepared:
            prepare = contender(network.with_samples(samples))
            epochs = network.epochs if is_fast else _epochs(prepare, network)
            began = time.process_time()
            begin = prepare(epochs)
            prepared[network.name] = begin, epochs, samples, time.process_time() - began
            if is_fast:
                begin()()
        begin, epochs, samples, preparation = prepared[network.name]
        seconds = _timed(begin()) / epochs * (network.samples / samples)
        answer = {"seconds": seconds, "preparation": preparation, "samples": samples}
        print(json.dumps(answer), flush=True)


def _epochs(prepare: Prepare, network: Network) -> int:
    """Return how many epochs last long enough to be timed."""
    begin = prepare(1)
    first = _timed(begin())
    seconds = first if first > SECONDS else _timed(begin())
    return max(1, min(network.epochs, round(SECONDS / max(seconds, 1e-6))))


def _timed(run: Run) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began
