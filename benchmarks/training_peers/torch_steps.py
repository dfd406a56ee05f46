"""PyTorch's optimizers on given gradients: `torch_steps.py RATE GRADIENT ...`, one call per line of input."""

from __future__ import annotations

import json
import sys

import torch

RATE, *GRADIENTS = map(float, sys.argv[1:])


def path(call: str) -> list[float]:
    """Return the parameter, from 1, after each step of the optimizer that a call like "SGD()" makes."""
    parameter = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    name, _, arguments = call.rstrip(")").partition("(")
    keywords = eval(f"dict({arguments})")
    optimizer = getattr(torch.optim, name)([parameter], lr=RATE, **keywords)
    after = []
    for gradient in GRADIENTS:
        parameter.grad = torch.full((1,), gradient, dtype=torch.float64)
        optimizer.step()
        after.append(parameter.item())
    return after


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps({"parameters": path(line.rstrip("\n"))}), flush=True)
