"""The Mersenne Twister as Python's `random` seeds and draws it, and the shuffle that `nn.randomness` defines.

M. Matsumoto and T. Nishimura, "Mersenne Twister" (1998), MT19937 with `init_by_array`.
"""

from __future__ import annotations

from numba import njit

#: Words of the generator's state; it is kept in 64-bit integers, of which the lower 32 bits count.
STATE = 624

_MIDDLE = 397
_WORD = 0xFFFFFFFF


@njit(nogil=True, error_model="numpy")
def seed(state, key, words):
    """Begin as `random.Random(n)` does, where `key` holds the 32-bit words of n >= 0, the lowest first."""
    state[0] = 19650218
    for i in range(1, STATE):
        state[i] = (1812433253 * (state[i - 1] ^ (state[i - 1] >> 30)) + i) & _WORD
    i, j = 1, 0
    for _ in range(max(STATE, words)):
        state[i] = ((state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) * 1664525)) + key[j] + j) & _WORD
        i += 1
        j += 1
        if i >= STATE:
            state[0] = state[STATE - 1]
            i = 1
        if j >= words:
            j = 0
    for _ in range(STATE - 1):
        state[i] = ((state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) * 1566083941)) - i) & _WORD
        i += 1
        if i >= STATE:
            state[0] = state[STATE - 1]
            i = 1
    state[0] = 0x80000000


@njit(nogil=True, error_model="numpy")
def _renew(state):
    for i in range(STATE):
        mixed = (state[i] & 0x80000000) | (state[(i + 1) % STATE] & 0x7FFFFFFF)
        state[i] = state[(i + _MIDDLE) % STATE] ^ (mixed >> 1) ^ (0x9908B0DF if mixed & 1 else 0)


@njit(nogil=True, error_model="numpy")
def _tempered(word):
    word ^= word >> 11
    word ^= (word << 7) & 0x9D2C5680
    word ^= (word << 15) & 0xEFC60000
    return word ^ (word >> 18)


@njit(nogil=True, error_model="numpy")
def shuffle(order, count, state):
    """Fill `order` with 0 .. count - 1 in the order of `nn.randomness.shuffled`; the generator is newly
    seeded."""
    for i in range(count):
        order[i] = i
    used = STATE
    bits = 1
    while count >> bits:
        bits += 1
    for last in range(count - 1, 0, -1):
        if not (last + 1) >> (bits - 1):
            bits -= 1
        chosen = last + 1
        while chosen > last:
            if used == STATE:
                _renew(state)
                used = 0
            chosen = _tempered(state[used]) >> (32 - bits)
            used += 1
        order[last], order[chosen] = order[chosen], order[last]
