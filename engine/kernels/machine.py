"""What the kernels must know of the processor they are compiled for: how many sums its registers hold."""

from __future__ import annotations

from numba.core.registry import cpu_target


def tile_rows() -> int:
    """Return the rows of the largest tile: as many vectors of 8 doubles as leave room for a factor and
    products.

    AVX-512 has 32 registers of 8 doubles, AVX 16 of 4, arm64 32 of 2, and any x86-64 at least 16 of 2.
    """
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    if "+avx512f" in features:
        return 16
    if "+avx" in features or triple.startswith(("aarch64", "arm64")):
        return 4
    return 2
