"""Training beside the peers: `python -m benchmarks.training [part of a network's name ...]`.

Every trainer trains the same networks, in processes that take turns on one core with one thread each. Times
are the best of several, in CPU microseconds per epoch; ratios are how many times ours goes into theirs.
"gflop/s" counts a multiply-add as two, for ours.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks.networks import NETWORKS, Network
from benchmarks.peers import python_with
from benchmarks.side_by_side import Contender, Measured, measure

PEERS = Path(__file__).parent / "training_peers"
REPETITIONS = 5


def contenders(stack: ExitStack) -> list[Contender]:
    """Start everybody who takes part, ours first."""
    own = Path(sys.executable)
    peers = python_with("training", "torch==2.13.0", "jax", "jaxlib", "scikit-learn")
    return [
        stack.enter_context(Contender(name, python, PEERS / script, *arguments))
        for name, python, script, *arguments in (
            ("ours", own, "gradqueue.py", "compiled"),
            ("JAX f64", peers, "jax_scan.py", "float64"),
            ("JAX f32", peers, "jax_scan.py", "float32"),
            ("PyTorch f64", peers, "torch_loop.py", "float64"),
            ("PyTorch f32", peers, "torch_loop.py", "float32"),
            ("scikit-learn", peers, "sklearn_partial.py"),
        )
    ]


def multiply_adds(network: Network) -> int:
    """Return an epoch's multiply-adds: forward, for the weights and, after the first layer, the inputs."""
    sizes = [a * b for a, b in zip(network.widths, network.widths[1:], strict=False)]
    return network.samples * (3 * sum(sizes) - sizes[0])


def row(network: Network, ours: Measured, others: list[Measured]) -> str:
    """Return one line of the table."""
    speed = 2 * multiply_adds(network) / ours.seconds / 1e9
    ratios = "".join(f"{other.seconds * 1e6:12.1f} {other.seconds / ours.seconds:6.1f}x" for other in others)
    return f"{network.name:42}{ours.seconds * 1e6:10.2f}{speed:9.1f}{ratios}"


def main() -> None:
    """Print the table, and what JAX compiles for each network."""
    wanted = [
        n for n in NETWORKS.values() if not sys.argv[1:] or any(part in n.name for part in sys.argv[1:])
    ]
    with ExitStack() as stack:
        everybody = contenders(stack)
        titles = "".join(f"{contender.name:>20}" for contender in everybody[1:])
        print(f"{'microseconds per epoch':42}{'ours':>10}{'gflop/s':>9}{titles}")
        for network in wanted:
            ours, *others = measure(everybody, network.name, REPETITIONS)
            compiling = f"   JAX compiled for {others[0].answer['preparation']:.1f} s"
            print(row(network, ours, others) + compiling, flush=True)


if __name__ == "__main__":
    main()
