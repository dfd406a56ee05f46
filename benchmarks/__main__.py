"""`python -m benchmarks [name ...]`: run the named benchmarks, or all of them, one after the other."""

from __future__ import annotations

import runpy
import sys

#: What there is, in the order in which it is run.
BENCHMARKS = ("engine_vs_micrograd", "elementary", "store", "training", "growth", "latency", "optimizers")


def main() -> None:
    """Run the benchmarks named on the command line."""
    names, sys.argv = sys.argv[1:] or list(BENCHMARKS), sys.argv[:1]
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    for name in names:
        print(f"\n== {name}", flush=True)
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
