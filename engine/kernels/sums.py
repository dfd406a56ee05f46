"""Sums in eight lanes: term k goes to lane k % 8, and the lanes are added in pairs.

The one sum that is not in order, because it goes over all parameters at once, and a vector takes eight terms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit
from numba.extending import register_jitable

from engine.kernels.memory import BYTES, get
from engine.kernels.vectors import VECTOR


def laned_sum(term: Callable[[float], float]) -> Any:
    """Return the kernel `(address, count) -> sum of term(x)` over `count` doubles, as `nn.numerics.laned_sum`
    adds."""
    term_of = register_jitable(error_model="numpy", forceinline=True)(term)

    @njit(nogil=True, error_model="numpy")
    def kernel(address, count):
        a = b = c = d = e = f = g = h = 0.0
        whole = count // VECTOR
        for block in range(whole):
            at = address + BYTES * VECTOR * block
            a += term_of(get(at, 0))
            b += term_of(get(at, 1))
            c += term_of(get(at, 2))
            d += term_of(get(at, 3))
            e += term_of(get(at, 4))
            f += term_of(get(at, 5))
            g += term_of(get(at, 6))
            h += term_of(get(at, 7))
        at = address + BYTES * VECTOR * whole
        rest = count - VECTOR * whole
        a += term_of(get(at, 0)) if rest > 0 else 0.0
        b += term_of(get(at, 1)) if rest > 1 else 0.0
        c += term_of(get(at, 2)) if rest > 2 else 0.0
        d += term_of(get(at, 3)) if rest > 3 else 0.0
        e += term_of(get(at, 4)) if rest > 4 else 0.0
        f += term_of(get(at, 5)) if rest > 5 else 0.0
        g += term_of(get(at, 6)) if rest > 6 else 0.0
        return ((a + b) + (c + d)) + ((e + f) + (g + h))

    return kernel


#: The sum of squares, and that of absolute values, of `count` doubles at an address.
sum_of_squares = laned_sum(lambda x: x * x)
sum_of_sizes = laned_sum(abs)
