"""Compile the trainer's kernels where that is not done yet, and say so: the first time takes a minute."""

from __future__ import annotations

import time

from nn import trainers

said = False


def say_once(_function: str) -> None:
    """Tell that a compilation begins; its parts are of no interest."""
    global said
    if not said:
        print("Compiling the kernels (once per installation, a minute or so)", flush=True)
    said = True


began = time.monotonic()
trainers.warm(progress=say_once)
if said:
    print(f"Compiled in {time.monotonic() - began:.0f} s", flush=True)
