"""Random draws: a generator of its own for every purpose, so there is no generator state to save.

Whoever needs randomness makes a fresh `random.Random` from what it is for, the spec's seed and the epoch.
A job resumed in epoch k draws what it would have drawn.
"""

from __future__ import annotations

from enum import IntEnum
from random import Random


class Purpose(IntEnum):
    """What a generator is for. The numbers are part of `NUMERICS_VERSION`.

    Initialisation is 0, which makes its generator `Random(seed)`: whoever types the tutorial after
    `random.seed(1)` gets the very weights of a job with seed 1.
    """

    INITIALIZATION = 0
    VALIDATION_SPLIT = 1
    SHUFFLE = 2
    DATASET = 3


def generator(purpose: Purpose, seed: int, epoch: int = 0) -> Random:
    """Return the generator for a purpose; `seed` and `epoch` are in 0 .. 2**64 - 1."""
    return Random((int(purpose) << 128) | (epoch << 64) | seed)  # noqa: S311 - repeatable, not secret


def shuffled(count: int, random: Random) -> list[int]:
    """Return 0 .. count - 1 in random order (count < 2**32).

    Fisher-Yates from the end, as `Random.shuffle` does it today; written out because the standard library
    promises `getrandbits` but not how it shuffles, and because a kernel must be able to repeat it.
    """
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        bits = (last + 1).bit_length()
        chosen = random.getrandbits(bits)
        while chosen > last:
            chosen = random.getrandbits(bits)
        order[last], order[chosen] = order[chosen], order[last]
    return order
