"""Blocks of up to 8 x 8 doubles, moved as vectors: as they are, or transposed in registers."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from engine.kernels.vectors import (
    INDEX,
    POINTER,
    SHORT,
    VECTOR,
    first,
    load,
    load_some,
    prefetch,
    spread,
    store,
    store_some,
)

_ROW = types.int64


@intrinsic  # type: ignore[untyped-decorator]
def move_row(_typing: Any, source: Any, target: Any) -> Any:
    """Copy 8 doubles."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        source, target = (builder.inttoptr(each, POINTER) for each in arguments)
        store(builder, load(builder, source), target)
        return context.get_dummy_value()

    return types.void(_ROW, _ROW), generate


@intrinsic  # type: ignore[untyped-decorator]
def fetch_row(_typing: Any, source: Any) -> Any:
    """Ask for 8 doubles that will be needed soon; nothing need be there."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        prefetch(builder, builder.inttoptr(arguments[0], POINTER))
        return context.get_dummy_value()

    return types.void(_ROW), generate


@intrinsic  # type: ignore[untyped-decorator]
def move_part(_typing: Any, source: Any, target: Any, lanes: Any) -> Any:
    """Write 8 doubles: the first `lanes` of those at `source`, then zeros."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        source, target = (builder.inttoptr(each, POINTER) for each in arguments[:2])
        store(builder, load_some(builder, source, first(builder, arguments[2])), target)
        return context.get_dummy_value()

    return types.void(_ROW, _ROW, _ROW), generate


@intrinsic  # type: ignore[untyped-decorator]
def copy_part(_typing: Any, source: Any, target: Any, lanes: Any) -> Any:
    """Copy the first `lanes` of 8 doubles, and leave the others."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        source, target = (builder.inttoptr(each, POINTER) for each in arguments[:2])
        mask = first(builder, arguments[2])
        store_some(builder, load_some(builder, source, mask), target, mask)
        return context.get_dummy_value()

    return types.void(_ROW, _ROW, _ROW), generate


@intrinsic  # type: ignore[untyped-decorator]
def transpose_block(_typing: Any, source: Any, distance: Any, target: Any, apart: Any) -> Any:
    """Write the block of 8 rows at `source`, `distance` doubles apart, to `target`, its columns this far
    apart."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        source, distance, target, apart = arguments
        starts = _starts(builder, source, distance)
        columns = _transposed(builder, [load(builder, start) for start in starts])
        write = builder.inttoptr(target, POINTER)
        for column, lanes in enumerate(columns):
            store(builder, lanes, builder.gep(write, [builder.mul(apart, INDEX(column))]))
        return context.get_dummy_value()

    return types.void(_ROW, _ROW, _ROW, _ROW), generate


@intrinsic  # type: ignore[untyped-decorator]
def transpose_part(
    _typing: Any, source: Any, distance: Any, target: Any, apart: Any, rows: Any, columns: Any
) -> Any:
    """Write the block of `rows` x `columns`, each 1 to 8, as `transpose_block` does, its columns filled up
    with zeros."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        source, distance, target, apart, rows, columns = arguments
        across = first(builder, columns)
        loaded = []
        for row, start in enumerate(_starts(builder, source, distance)):
            exists = spread(builder, builder.icmp_signed("<", INDEX(row), rows))
            loaded.append(load_some(builder, start, builder.and_(across, exists)))
        write = builder.inttoptr(target, POINTER)
        for column, lanes in enumerate(_transposed(builder, loaded)):
            with builder.if_then(builder.icmp_signed("<", INDEX(column), columns)):
                store(builder, lanes, builder.gep(write, [builder.mul(apart, INDEX(column))]))
        return context.get_dummy_value()

    return types.void(_ROW, _ROW, _ROW, _ROW, _ROW, _ROW), generate


def _starts(builder: Any, source: Any, distance: Any) -> list[Any]:
    read = builder.inttoptr(source, POINTER)
    return [builder.gep(read, [builder.mul(distance, INDEX(row))]) for row in range(VECTOR)]


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
    return ir.Constant(ir.VectorType(SHORT, VECTOR), lanes)
