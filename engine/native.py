"""What lets Numba compile the engine's Python functions as they stand: import it before compiling one.

The functions of `engine.elementary` and of the table of operations are plain Python. Importing this module
tells Numba how to compile them inside other compiled functions, to the same bits: no fused multiply-add, no
reassociation, IEEE's division. A loop over one of them becomes vector instructions.

Code that calls them should be compiled with `error_model="numpy"` and without `fastmath` itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload, register_jitable

from engine.elementary import circular, doubles, exponential, logarithm, powers
from engine.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

#: "numpy" gives division its IEEE meaning, x/0 = inf. Inlining lets LLVM see the caller's loop as a whole.
_OPTIONS: Any = {"error_model": "numpy", "forceinline": True}

_SIGNIFICAND_BITS = 52
_SIGNIFICAND_MASK = 2**52 - 1
_EXPONENT_BIAS = 1023
_BITS_OF_ONE = _EXPONENT_BIAS << _SIGNIFICAND_BITS
_BITS_OF_2_TO_52 = (_EXPONENT_BIAS + 52) << _SIGNIFICAND_BITS
_2_TO_52 = 2.0**52

#: Leaves a whole number that it is added to in the lowest bits, with the exponent's bias.
_BIASING_ROUNDER = doubles.ROUNDER + _EXPONENT_BIAS


def _same_bits(given: Any, wanted: Any, llvm_type: ir.Type) -> Any:
    """Return a function for compiled code that takes the bits of one type for those of another."""

    @intrinsic
    def same_bits(_typing_context: Any, _x: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], llvm_type)

        return wanted(given), generate

    return same_bits


_bits_of = _same_bits(types.float64, types.int64, ir.IntType(64))
_double_of = _same_bits(types.int64, types.float64, ir.DoubleType())


@overload(doubles.power_of_two, jit_options=_OPTIONS, strict=False)
def _power_of_two(exponent: Any) -> Callable[[float], float]:
    return lambda exponent: _double_of(_bits_of(exponent + _BIASING_ROUNDER) << _SIGNIFICAND_BITS)


@overload(doubles.significand_and_exponent, jit_options=_OPTIONS, strict=False)
def _significand_and_exponent(x: Any) -> Callable[[float], tuple[float, float]]:
    def split(x: float) -> tuple[float, float]:
        bits = _bits_of(x)
        significand = _double_of((bits & _SIGNIFICAND_MASK) | _BITS_OF_ONE)
        biased_exponent = _double_of((bits >> _SIGNIFICAND_BITS) | _BITS_OF_2_TO_52) - _2_TO_52
        return significand, biased_exponent - _EXPONENT_BIAS

    return split


@overload(doubles.reciprocal, jit_options=_OPTIONS, strict=False)
def _reciprocal(x: Any) -> Callable[[float], float]:
    return lambda x: 1.0 / x


def _functions_of(module: ModuleType) -> Iterator[Callable[..., Any]]:
    for thing in vars(module).values():
        if callable(thing) and thing.__module__ == module.__name__:
            yield thing


def _compiled_as_they_stand() -> Iterator[Callable[..., Any]]:
    yield from (doubles.upper_half, doubles.sqrt)
    for module in (exponential, logarithm, circular, powers):
        yield from _functions_of(module)
    for row in OPERATIONS:
        yield row.value
        yield row.gradient


for _function in set(_compiled_as_they_stand()):
    register_jitable(**_OPTIONS)(_function)
