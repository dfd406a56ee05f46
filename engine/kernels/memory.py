"""Doubles at an address. Kernels are given addresses, not arrays, because what they index is laid out by
hand.

An index is kept apart from its address, so that LLVM sees what a loop touches and can vectorise it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

#: Size of a double.
BYTES = 8

_POINTER = ir.DoubleType().as_pointer()


@intrinsic  # type: ignore[untyped-decorator]
def get(_typing: Any, address: Any, index: Any) -> Any:
    """Return the double that is `index` doubles after `address`."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        start, offset = arguments
        return builder.load(builder.gep(builder.inttoptr(start, _POINTER), [offset]))

    return types.float64(types.int64, types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def put(_typing: Any, address: Any, index: Any, value: Any) -> Any:
    """Write the double that is `index` doubles after `address`."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        start, offset, value = arguments
        builder.store(value, builder.gep(builder.inttoptr(start, _POINTER), [offset]))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.float64), generate
