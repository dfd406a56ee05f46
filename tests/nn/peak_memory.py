"""Prints the bytes that the reference trainer takes at most for so many samples, one line per argument."""

from __future__ import annotations

import gc
import sys
import tracemalloc

from nn.preparation import prepare
from nn.reference import ReferenceTrainer
from nn.spec import ValidationSplit
from tests.nn.jobs import EVERYTHING, model, regression
from tests.nn.test_reference import waves


def peak(rows: int) -> int:
    """Return the peak of one epoch, the garbage collector being off."""
    spec = regression(model(8, 2), epochs=1, validation_split=ValidationSplit(0.5, stratify=False))
    trainer = ReferenceTrainer(spec, prepare(spec, waves(rows)))
    gc.disable()
    tracemalloc.start()
    trainer.advance(EVERYTHING)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    gc.enable()
    return most


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(peak(int(argument)))  # noqa: T201 - what it is for
