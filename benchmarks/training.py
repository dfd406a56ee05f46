"""Training beside the peers: `python -m benchmarks.training [part of a network's name ...]`.

Everybody trains the same networks, in processes that take turns on one core with one thread each. Times are
CPU time, all threads of a process counted, because the core may be shared with programs that are none of
ours; each is the median of several turns, and a ratio the median of the turns' ratios. `--turns` says how
many. Whoever needs more than `SLOW` seconds for a measurement has one turn only.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.networks import NETWORKS, Network
from benchmarks.peers import python_with
from benchmarks.side_by_side import Contender

PEERS = Path(__file__).parent / "training_peers"
#: Seconds that a measurement may take to be repeated.
SLOW = 3.0


def contenders(stack: ExitStack) -> list[Contender]:
    """Start everybody who takes part, ours first."""
    own = Path(sys.executable)
    peers = python_with("training", "torch==2.13.0", "jax", "jaxlib", "scikit-learn")
    micrograd = python_with("micrograd", "micrograd==0.1.0")
    return [
        stack.enter_context(Contender(name, python, PEERS / script, *arguments))
        for name, python, script, *arguments in (
            ("ours", own, "gradqueue.py", "compiled"),
            ("JAX f64", peers, "jax_scan.py", "float64"),
            ("JAX f32", peers, "jax_scan.py", "float32"),
            ("PyTorch f64", peers, "torch_loop.py", "float64"),
            ("PyTorch f32", peers, "torch_loop.py", "float32"),
            ("scikit-learn", peers, "sklearn_partial.py"),
            ("reference", own, "gradqueue.py", "reference"),
            ("micrograd", micrograd, "micrograd_loop.py"),
        )
    ]


@dataclass
class Row:
    """What was measured of one network: each contender's answers, turn by turn, and the peak's."""

    network: Network
    answers: dict[str, list[dict[str, Any]]]
    peaks: list[float]

    def seconds(self, name: str) -> float | None:
        """Return the median of a contender's times, None if it was left out."""
        times = [answer["seconds"] for answer in self.answers[name] if "seconds" in answer]
        return median(times) if times else None

    def ratio(self, name: str) -> float | None:
        """Return how many times ours goes into a contender's time, turn by turn."""
        turns = zip(self.answers["ours"], self.answers[name], strict=False)
        ratios = [theirs["seconds"] / ours["seconds"] for ours, theirs in turns if "seconds" in theirs]
        return median(ratios) if ratios else None

    @property
    def speed(self) -> float:
        """Our multiplications and additions per second."""
        return self.network.flops / (self.seconds("ours") or 1.0)

    @property
    def share(self) -> float:
        """The share of the peak that this is."""
        return self.speed / median(self.peaks)


def measured(network: Network, everybody: list[Contender], peak: Contender, turns: int) -> Row:
    """Let everybody train the network in turn."""
    row = Row(network, {contender.name: [] for contender in everybody}, [])
    for _ in range(turns):
        top = peak.work("peak")
        row.peaks.append(top["flops"] / top["seconds"])
        for contender in everybody:
            before = row.answers[contender.name]
            if before and (before[0].get("left_out") or _lasts(before[0], network) > SLOW):
                continue
            before.append(contender.work(network.name))
    return row


def _lasts(answer: dict[str, Any], network: Network) -> float:
    return answer["seconds"] * answer["samples"] / network.samples


def times_of(row: Row) -> str:
    """Return a line of the table of times."""
    cells = [row.seconds(name) for name in row.answers]
    return _line(
        row, ["" if cell is None else f"{cell * 1e6:,.{2 if cell < 1e-4 else 0}f}" for cell in cells]
    )


def ratios_of(row: Row) -> str:
    """Return a line of the table of ratios."""
    cells = [row.ratio(name) for name in row.answers]
    return _line(row, ["" if cell is None else f"{cell:,.{2 if cell < 100 else 0}f}x" for cell in cells])


def speed_of(row: Row) -> str:
    """Return a line of the table of speeds."""
    jax = row.answers["JAX f64"][0]["preparation"], row.answers["JAX f32"][0]["preparation"]
    return _line(
        row,
        [
            f"{row.network.flops / 1e6:,.{1 if row.network.flops > 1e6 else 4}f}",
            f"{row.speed / 1e9:.1f}",
            f"{median(row.peaks) / 1e9:.1f}",
            f"{row.share:.0%}",
            *(f"{seconds:.1f} s" for seconds in jax),
        ],
    )


def _line(row: Row, cells: list[str]) -> str:
    return f"{row.network.name:37}" + "".join(f"{cell:>14}" for cell in cells)


def _title(text: str, columns: list[str]) -> str:
    return f"\n{text:37}" + "".join(f"{column:>14}" for column in columns)


def remarks(row: Row) -> list[str]:
    """Tell who trained on fewer samples or not at all."""
    said = []
    for name, (first, *_) in row.answers.items():
        if "left_out" in first:
            said.append(f"{name} is left out of {row.network.name}: {first['left_out']}")
        elif first["samples"] < row.network.samples:
            said.append(f"{name} is measured on {first['samples']} samples of {row.network.name}")
    return said


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training")
    parser.add_argument("names", nargs="*", help="parts of the names of networks to train; all if left out")
    parser.add_argument("--turns", type=int, default=7, help="turns of everybody (default 7)")
    options = parser.parse_args()
    wanted = [n for n in NETWORKS.values() if not options.names or any(p in n.name for p in options.names)]
    with ExitStack() as stack:
        everybody = contenders(stack)
        peak = stack.enter_context(Contender("peak", Path(sys.executable), PEERS / "peak.py"))
        names = [contender.name for contender in everybody]
        print(_title("microseconds of CPU per epoch", names), flush=True)
        rows = []
        for network in wanted:
            rows.append(measured(network, everybody, peak, options.turns))
            print(times_of(rows[-1]), flush=True)
    print(_title("how many times ours goes into it", names))
    print("\n".join(map(ratios_of, rows)))
    speeds = ["Mflop an epoch", "ours Gflop/s", "peak Gflop/s", "share", "JAX compiles", "(f32)"]
    print(_title("speed; a multiply-add is two", speeds))
    print("\n".join(map(speed_of, rows)))
    print("\n" + "\n".join(remark for row in rows for remark in remarks(row)))


if __name__ == "__main__":
    main()
