"""What the kernels must know of the processor they are compiled for: how large a tile its registers hold."""

from __future__ import annotations

from numba.core.registry import cpu_target


def tile_rows() -> tuple[int, int, int, int]:
    """Return the most rows of a tile of one, two, three and four panels; 0 where there is no such tile.

    A tile is as many sums as leave registers free for factors and products: AVX-512 has 32 registers of 8
    doubles, AVX 16 of 4, arm64 32 of 2, and any x86-64 at least 16 of 2.

    More panels mean fewer loads, 10 for the 24 products of six rows of four instead of 17 for the 16 of
    sixteen rows of one, and a factor that is spread over a register first. That takes Zen 4 a slot of its
    floating point units, so there one panel is the fastest; Zen 5 not. Others with AVX-512 were not measured.
    """
    triple, processor, features = cpu_target.target_context.codegen().magic_tuple()
    if "+avx512f" in features:
        return (16, 2, 0, 1) if processor == "znver4" else (16, 12, 8, 6)
    if "+avx" in features or triple.startswith(("aarch64", "arm64")):
        return (4, 2, 0, 1)
    return (2, 2, 0, 1)
