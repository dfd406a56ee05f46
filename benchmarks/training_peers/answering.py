"""The half of a contender that runs in the peer's own environment: a line in, a line of JSON out."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from benchmarks.networks import NETWORKS, Network

#: Trains a network once, ready to be timed; returns the number of epochs trained.
Run = Callable[[], int]


def answer(prepare: Callable[[Network], Run]) -> None:
    """Answer every line of standard input, the name of a network, with the CPU seconds of one epoch.

    What `prepare` does (making data, compiling) is timed apart, as `preparation`; a first run is not timed.
    """
    prepared: dict[str, tuple[Run, float]] = {}
    for line in sys.stdin:
        name = line.rstrip("\n")
        if name not in prepared:
            began = time.process_time()
            run = prepare(NETWORKS[name])
            prepared[name] = run, time.process_time() - began
            run()
        run, preparation = prepared[name]
        began = time.process_time()
        epochs = run()
        seconds = (time.process_time() - began) / epochs
        print(json.dumps({"seconds": seconds, "preparation": preparation}), flush=True)
