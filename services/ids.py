"""Ids: text that says what it names, sorts by time, and cannot be guessed."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u to misread
_RANDOM_BITS = 76
_LENGTH = 26  # characters: 54 bits of microseconds and 76 of randomness


def new_id(prefix: str) -> str:
    """Return an id such as `job_06hx…`: microseconds since 1970, then 76 random bits.

    The time comes from this process's clock and only makes ids cluster; nothing is decided by it.
    """
    number = time.time_ns() // 1000 << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    digits = [_ALPHABET[number >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5)]
    return f"{prefix}_{''.join(digits)}"
