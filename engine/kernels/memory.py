"""Doubles, and words, at an address.

Kernels are given addresses, not arrays, because what they index is laid out by hand. An index is kept apart
from its address, so that LLVM sees what a loop touches and can vectorise it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

#: Size of a double.
BYTES = 8


def _getter(element: Any, kind: Any) -> Any:
    """Return the function `(address, index)` that returns the number `index` places after `address`."""

    @intrinsic  # type: ignore[untyped-decorator]
    def get(_typing: Any, address: Any, index: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            start, offset = arguments
            return builder.load(builder.gep(builder.inttoptr(start, element.as_pointer()), [offset]))

        return kind(types.int64, types.int64), generate

    return get


def _putter(element: Any, kind: Any) -> Any:
    """Return the function `(address, index, value)` that writes there."""

    @intrinsic  # type: ignore[untyped-decorator]
    def put(_typing: Any, address: Any, index: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            start, offset, value = arguments
            builder.store(value, builder.gep(builder.inttoptr(start, element.as_pointer()), [offset]))
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, kind), generate

    return put


#: Doubles, and words of 64 bits, which are as large.
get, put = (make(ir.DoubleType(), types.float64) for make in (_getter, _putter))
get_word, put_word = (make(ir.IntType(64), types.int64) for make in (_getter, _putter))
