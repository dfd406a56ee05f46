"""The transpose of a block of 8 x 8 doubles, in registers."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from engine.kernels.tile import VECTOR

_INDEX = ir.IntType(64)
_LANES = ir.VectorType(ir.DoubleType(), VECTOR)


@intrinsic  # type: ignore[untyped-decorator]
def transpose_block(_typing: Any, source: Any, distance: Any, target: Any) -> Any:
    """Write the block of 8 rows at `source`, `distance` doubles apart, to `target`, its columns one after the
    other."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        source, distance, target = arguments
        read = builder.inttoptr(source, ir.DoubleType().as_pointer())
        write = builder.inttoptr(target, _LANES.as_pointer())
        rows = []
        for row in range(VECTOR):
            start = builder.gep(read, [builder.mul(distance, _INDEX(row))])
            rows.append(builder.load(builder.bitcast(start, _LANES.as_pointer()), align=8))
        for column, lanes in enumerate(_transposed(builder, rows)):
            builder.store(lanes, builder.gep(write, [_INDEX(column)]), align=8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """Exchange rows and columns by halves: pairs of rows swap 4 x 4 quarters, then 2 x 2, then single
    doubles."""
    half = VECTOR // 2
    while half:
        swapped: list[Any] = list(rows)
        for row in range(VECTOR):
            if not row & half:
                upper, lower = rows[row], rows[row | half]
                swapped[row] = builder.shuffle_vector(upper, lower, _mask(half, high=False))
                swapped[row | half] = builder.shuffle_vector(upper, lower, _mask(half, high=True))
        rows = swapped
        half //= 2
    return rows


def _mask(half: int, *, high: bool) -> Any:
    """Return which lanes of two rows follow each other: alternating runs of `half` from the first and the
    second."""
    lanes = []
    for lane in range(VECTOR):
        taken = (lane & ~half) | (half if high else 0)
        lanes.append(taken + (VECTOR if lane & half else 0))
    return ir.Constant(ir.VectorType(ir.IntType(32), VECTOR), lanes)
