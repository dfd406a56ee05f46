"""`engine.Value` beside micrograd's, interpreted: `python -m benchmarks.engine_vs_micrograd`.

The same lines run on both, in processes that take turns on one core. micrograd is given what it needs to
finish at all: a recursion limit of a million. Times are the best of several, in CPU milliseconds, for making
the graph, `backward()` and letting go of the graph.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.peers import python_with
from benchmarks.side_by_side import Contender, measure

WORK = Path(__file__).with_name("engine_work.py")
REPETITIONS = 7
WORKLOADS = (
    "tutorial",
    "demo, 10 samples",
    "demo, 100 samples",
    "sum of 10,000",
    "10,000 products",
    "every operator",
)


def largest_difference(ours: dict[str, Any], theirs: dict[str, Any]) -> float:
    """Return the largest difference of a gradient, relative to the largest gradient."""
    pairs = zip(ours["gradients"], theirs["gradients"], strict=True)
    return max(abs(a - b) for a, b in pairs) / max(abs(b) for b in theirs["gradients"])


def main() -> None:
    """Print the table."""
    python = python_with("micrograd", "micrograd==0.1.0")
    with (
        Contender("gradqueue", Path(sys.executable), WORK, "engine") as ours,
        Contender("micrograd", python, WORK, "micrograd.engine") as theirs,
    ):
        print(f"{'':20}{'engine':>10}{'micrograd':>12}{'ratio':>8}   gradients differ by")
        for workload in WORKLOADS:
            own, other = measure([ours, theirs], workload, REPETITIONS)
            difference = largest_difference(own.answer, other.answer)
            times = f"{own.seconds * 1e3:8.2f}ms{other.seconds * 1e3:10.2f}ms"
            print(f"{workload:20}{times}{other.seconds / own.seconds:7.1f}x   {difference:.1e}", flush=True)


if __name__ == "__main__":
    main()
