"""The order of an epoch's samples, drawn inside the kernel from the generator that `nn.randomness`
defines."""

from __future__ import annotations

from numba import njit

from engine.kernels.mersenne import STATE, seed, shuffle
from nn.randomness import Purpose

#: 32-bit words of the number (purpose << 128) | (epoch << 64) | seed that a generator begins with.
KEY_WORDS = 5

#: 64-bit integers that the generator needs: its key and its state.
RANDOM_SIZE = KEY_WORDS + STATE

_PURPOSE = int(Purpose.SHUFFLE)
_WORD = 0xFFFFFFFF


@njit(nogil=True, error_model="numpy", inline="always")
def put_in_order(job, order, random):
    """Draw the order of the epoch under way."""
    key, state = random[:KEY_WORDS], random[KEY_WORDS:]
    epoch = job.epoch + 1
    key[0], key[1] = job.seed & _WORD, (job.seed >> 32) & _WORD
    key[2], key[3] = epoch & _WORD, (epoch >> 32) & _WORD
    key[4] = _PURPOSE
    seed(state, key, KEY_WORDS)
    shuffle(order, job.samples, state)
    job.ordered = epoch
