"""Our optimizers beside PyTorch's own, step by step: `python -m benchmarks.optimizers`.

Both are given the same gradients; the table shows by how much a parameter differs at most over `STEPS` steps,
relative to how far it has gone. With epsilon 0 the rules are the same formulas, so what is left is rounding.
With Keras's epsilon, which is ours, RMSprop and Adagrad add it inside the root as Keras does, where PyTorch
adds it outside.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from random import Random

from benchmarks.peers import python_with
from benchmarks.side_by_side import Contender
from nn.optimizers import rule_of
from nn.spec import Adagrad, Adam, Optimizer, RmsProp, Sgd

SCRIPT = Path(__file__).parent / "training_peers" / "torch_steps.py"
STEPS = 50
RATE = 0.05

#: Ours, and the class and arguments of `torch.optim` that are the same rule.
SAME: dict[str, tuple[Optimizer, str]] = {
    "sgd": (Sgd(), "SGD()"),
    "momentum": (Sgd(momentum=0.9), "SGD(momentum=0.9)"),
    "nesterov": (Sgd(momentum=0.9, nesterov=True), "SGD(momentum=0.9, nesterov=True)"),
    "adam": (Adam(epsilon=0.0), "Adam(eps=0.0)"),
    "adam, epsilon 1e-7": (Adam(), "Adam(eps=1e-7)"),
    "rmsprop": (RmsProp(epsilon=0.0), "RMSprop(alpha=0.9, eps=0.0)"),
    "rmsprop, momentum": (RmsProp(momentum=0.5, epsilon=0.0), "RMSprop(alpha=0.9, momentum=0.5, eps=0.0)"),
    "rmsprop, epsilon 1e-7": (RmsProp(), "RMSprop(alpha=0.9, eps=1e-7)"),
    "adagrad": (Adagrad(epsilon=0.0), "Adagrad(initial_accumulator_value=0.1, eps=0.0)"),
    "adagrad, epsilon 1e-7": (Adagrad(), "Adagrad(initial_accumulator_value=0.1, eps=1e-7)"),
}


def steps(optimizer: Optimizer, gradients: list[float]) -> list[float]:
    """Return our parameter after each step from 1."""
    rule, parameter, path = rule_of(optimizer), 1.0, []
    memory = rule.initial
    for number, gradient in enumerate(gradients, start=1):
        parameter, memory = rule.update(parameter, gradient, memory, rule.scalars(RATE, number), math.sqrt)
        path.append(parameter)
    return path


def main() -> None:
    """Print the table; end with an error if a rule is another."""
    draw = Random(0)
    gradients = [draw.gauss(0.0, 1.0) for _ in range(STEPS)]
    python = python_with("training", "torch==2.13.0", "jax", "jaxlib", "scikit-learn")
    others = []
    with Contender("PyTorch", python, SCRIPT, str(RATE), *map(repr, gradients)) as torch:
        print(f"{'':24}{'largest difference':>20}   PyTorch's")
        for name, (optimizer, call) in SAME.items():
            ours, theirs = steps(optimizer, gradients), torch.work(call)["parameters"]
            difference = max(abs(a - b) / max(abs(b - 1.0), 1e-3) for a, b in zip(ours, theirs, strict=True))
            print(f"{name:24}{difference:20.1e}   {call}", flush=True)
            others += [name] if difference > (1e-4 if "epsilon" in name else 1e-12) else []
    if others:
        sys.exit(f"another rule than PyTorch's: {', '.join(others)}")


if __name__ == "__main__":
    main()
