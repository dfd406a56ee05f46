"""LLVM's instructions for vectors of 8 doubles, a cache line: as few words as the kernels need.

LLVM makes such a vector one AVX-512 register, two of AVX or four of SSE or NEON. Lanes never mix, so a result
does not depend on which.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core.cgutils import get_or_insert_function

#: Doubles in a vector: 64 bytes, one cache line, the widest vector register there is today.
VECTOR = 8

DOUBLE = ir.DoubleType()
POINTER = DOUBLE.as_pointer()
INDEX = ir.IntType(64)
LANES = ir.VectorType(DOUBLE, VECTOR)
SHORT = ir.IntType(32)

_VECTORS = LANES.as_pointer()
_MASK = ir.VectorType(ir.IntType(1), VECTOR)
_ALIGNMENT = 8


def load(builder: Any, pointer: Any) -> Any:
    """Return the 8 doubles at a pointer to doubles."""
    loaded = builder.load(builder.bitcast(pointer, _VECTORS))
    loaded.align = _ALIGNMENT
    return loaded


def load_some(builder: Any, pointer: Any, mask: Any) -> Any:
    """Return the doubles at a pointer in those lanes that the mask has, and 0 in the others."""
    kind = ir.FunctionType(LANES, [_VECTORS, SHORT, _MASK, LANES])
    function = get_or_insert_function(builder.module, kind, "llvm.masked.load.v8f64.p0")
    zeros = ir.Constant(LANES, [0.0] * VECTOR)
    return builder.call(function, [builder.bitcast(pointer, _VECTORS), SHORT(_ALIGNMENT), mask, zeros])


def store(builder: Any, value: Any, pointer: Any) -> None:
    """Write a vector to a pointer to doubles."""
    builder.store(value, builder.bitcast(pointer, _VECTORS), align=_ALIGNMENT)


def store_some(builder: Any, value: Any, pointer: Any, mask: Any) -> None:
    """Write those lanes of a vector that the mask has."""
    kind = ir.FunctionType(ir.VoidType(), [LANES, _VECTORS, SHORT, _MASK])
    function = get_or_insert_function(builder.module, kind, "llvm.masked.store.v8f64.p0")
    builder.call(function, [value, builder.bitcast(pointer, _VECTORS), SHORT(_ALIGNMENT), mask])


def first(builder: Any, lanes: Any) -> Any:
    """Return the mask of lanes 0 .. lanes - 1."""
    counts = ir.Constant(ir.VectorType(INDEX, VECTOR), list(range(VECTOR)))
    return builder.icmp_signed("<", counts, spread(builder, lanes))


def spread(builder: Any, scalar: Any) -> Any:
    """Return a vector with `scalar` in every lane."""
    undefined = ir.Constant(ir.VectorType(scalar.type, VECTOR), ir.Undefined)
    zeros = ir.Constant(ir.VectorType(SHORT, VECTOR), [0] * VECTOR)
    return builder.shuffle_vector(builder.insert_element(undefined, scalar, SHORT(0)), undefined, zeros)
