"""What the kernels must know of the processor they are compiled for: what its registers hold."""

from __future__ import annotations

from numba.core.registry import cpu_target

#: Doubles that the nearest cache holds, on any processor of today: 32 KiB.
NEAREST = 4096


def tile_rows() -> tuple[int, int, int, int]:
    """Return the most rows of a tile of one, two, three and four panels; 0 where there is no such tile.

    A tile is as many sums as leave registers free for factors and products: AVX-512 has 32 registers of 8
    doubles, AVX 16 of 4, arm64 32 of 2, and any x86-64 at least 16 of 2.

    More panels mean fewer loads, 10 for the 24 products of six rows of four instead of 17 for the 16 of
    sixteen rows of one, and a factor that is spread over a register first. That takes Zen 4 a slot of its
    floating point units, so there one panel is the fastest; Zen 5 not. Others with AVX-512 were not measured.
    """
    _, processor, _ = _target()
    if _doubles() == _AVX_512:
        return (16, 2, 0, 1) if processor == "znver4" else (16, 12, 8, 6)
    return (4, 2, 0, 1) if _doubles() == _AVX else (2, 2, 0, 1)


def strip_panels() -> int:
    """Return the most panels of a strip: enough sums to keep the adders busy.

    With AVX-512 they take a quarter of the registers; but 64 terms of eight panels are what the nearest cache
    holds (32 KiB), and ten or twelve were no faster.
    """
    return {_AVX_512: 8, _AVX: 4}.get(_doubles(), 2)


#: Doubles in all registers for vectors: 32 registers of 8, 16 of 4 (or arm64's 32 of 2), 16 of 2.
_AVX_512, _AVX, _SSE = 256, 64, 32


def _doubles() -> int:
    triple, _, features = _target()
    if "+avx512f" in features:
        return _AVX_512
    return _AVX if "+avx" in features or triple.startswith(("aarch64", "arm64")) else _SSE


def _target() -> tuple[str, str, str]:
    """Return the triple, the processor and its features."""
    triple, processor, features = cpu_target.target_context.codegen().magic_tuple()
    return triple, processor, features
