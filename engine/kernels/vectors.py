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
SHORT = ir.IntType(32)

_ALIGNMENT = 8


def vector_type(width: int = VECTOR, element: Any = DOUBLE) -> Any:
    """Return the type of vectors of `width` elements."""
    return ir.VectorType(element, width)


def load(builder: Any, pointer: Any, width: int = VECTOR) -> Any:
    """Return the `width` doubles at a pointer to doubles."""
    loaded = builder.load(builder.bitcast(pointer, vector_type(width).as_pointer()))
    loaded.align = _ALIGNMENT
    return loaded


def load_some(builder: Any, pointer: Any, mask: Any) -> Any:
    """Return the 8 doubles at a pointer in those lanes that the mask has, and 0 in the others."""
    vector, vectors = vector_type(), vector_type().as_pointer()
    kind = ir.FunctionType(vector, [vectors, SHORT, mask.type, vector])
    function = get_or_insert_function(builder.module, kind, f"llvm.masked.load.v{VECTOR}f64.p0")
    zeros = ir.Constant(vector, [0.0] * VECTOR)
    return builder.call(function, [builder.bitcast(pointer, vectors), SHORT(_ALIGNMENT), mask, zeros])


def store(builder: Any, value: Any, pointer: Any) -> None:
    """Write a vector to a pointer to doubles."""
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=_ALIGNMENT)


def store_some(builder: Any, value: Any, pointer: Any, mask: Any) -> None:
    """Write those lanes of a vector that the mask has."""
    vectors = value.type.as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [value.type, vectors, SHORT, mask.type])
    name = f"llvm.masked.store.v{value.type.count}f64.p0"
    function = get_or_insert_function(builder.module, kind, name)
    builder.call(function, [value, builder.bitcast(pointer, vectors), SHORT(_ALIGNMENT), mask])


def first(builder: Any, lanes: Any, width: int = VECTOR) -> Any:
    """Return the mask of lanes 0 .. lanes - 1."""
    counts = ir.Constant(vector_type(width, INDEX), list(range(width)))
    return builder.icmp_signed("<", counts, spread(builder, lanes, width))


def prefetch(builder: Any, pointer: Any, near: int = 3) -> None:
    """Ask for the cache line at a pointer, which need not exist; `near`: 3 the nearest cache, 2 the next."""
    kind = ir.FunctionType(ir.VoidType(), [pointer.type, SHORT, SHORT, SHORT])
    function = get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    builder.call(function, [pointer, SHORT(0), SHORT(near), SHORT(1)])


def hidden(builder: Any, value: Any) -> Any:
    """Return the same value, of which LLVM does not know where it comes from. It costs no instruction."""
    kind = ir.FunctionType(value.type, [value.type])
    return builder.asm(kind, "", "=r,0", [value], side_effect=False)


def spread(builder: Any, scalar: Any, width: int = VECTOR) -> Any:
    """Return a vector with `scalar` in every lane."""
    undefined = ir.Constant(vector_type(width, scalar.type), ir.Undefined)
    zeros = ir.Constant(vector_type(width, SHORT), [0] * width)
    return builder.shuffle_vector(builder.insert_element(undefined, scalar, SHORT(0)), undefined, zeros)
