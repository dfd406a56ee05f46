"""Which numbers of a matrix are not zero: one bit for each, 64 to a word."""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic

from engine.kernels.memory import BYTES, get, put_word
from engine.kernels.vectors import (
    DOUBLE,
    INDEX,
    POINTER,
    VECTOR,
    first,
    load,
    load_some,
    vector_type,
)

#: Bits of a word.
WORD = 64

#: Rows that are looked at to tell how many zeros a matrix has.
_LOOKED_AT = 8

_BYTE = ir.IntType(VECTOR)


@njit(nogil=True, error_model="numpy")
def has_many_zeros(matrix, stride, rows, columns):
    """Return whether a third of the numbers in some rows, `stride` doubles apart, is zero.

    That is about where leaving zeros out is worth it.
    """
    looked_at = min(rows, _LOOKED_AT)
    others = 0
    for place in range(looked_at):
        row = matrix + BYTES * stride * (place * rows // looked_at)
        for column in range(0, columns, WORD):
            others += count_bits(_word(row + BYTES * column, min(WORD, columns - column)))
    return 3 * others <= 2 * looked_at * columns


@njit(nogil=True, error_model="numpy")
def note_rows(matrix, stride, rows, columns, words, descends):
    """Write a word for each 64 columns of each row; a row's words follow each other.

    Bit t of a word is that of column t of its 64, or of column 63 - t if it `descends`. Bits beyond the
    columns are not set.
    """
    each = (columns + WORD - 1) // WORD
    for row in range(rows):
        for place in range(each):
            source = matrix + BYTES * (stride * row + WORD * place)
            word = _word(source, min(WORD, columns - WORD * place))
            put_word(words, each * row + place, turned_round(word) if descends else word)


@njit(nogil=True, error_model="numpy")
def all_finite(matrix, stride, rows, columns):
    """Return whether rows of numbers, `stride` doubles apart, have neither infinities nor NaNs."""
    bits = 0
    for row in range(rows):
        bits |= nonfinite_bits(matrix + BYTES * stride * row, columns)
    return bits == 0


@njit(nogil=True, error_model="numpy")
def has_minus_zero(numbers, count):
    """Return whether -0.0 is among so many doubles."""
    found = 0
    for k in range(count):
        found += (get(numbers, k) == 0.0) & (math.copysign(1.0, get(numbers, k)) < 0.0)
    return found > 0


@njit(inline="always")
def _word(source, count):
    """Return the word of up to 64 doubles that follow each other."""
    word, whole = 0, count // VECTOR
    for place in range(whole):
        word |= bits_of(source + BYTES * VECTOR * place, VECTOR) << (VECTOR * place)
    lanes = count - VECTOR * whole
    if lanes > 0:
        word |= bits_of(source + BYTES * VECTOR * whole, lanes) << (VECTOR * whole)
    return word


@intrinsic  # type: ignore[untyped-decorator]
def bits_of(_typing: Any, source: Any, lanes: Any) -> Any:
    """Return the bits of the first `lanes` of 8 doubles."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        source, lanes = arguments
        loaded = load_some(builder, builder.inttoptr(source, POINTER), first(builder, lanes))
        return builder.zext(builder.bitcast(_is_not_zero(builder, loaded), _BYTE), INDEX)

    return types.int64(types.int64, types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def nonfinite_bits(_typing: Any, source: Any, count: Any) -> Any:
    """Return 0 if so many doubles are all finite: a finite number minus itself is 0.0, any other NaN."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        source, count = arguments
        source, words = builder.inttoptr(source, POINTER), vector_type(element=INDEX)

        def bits(numbers: Any) -> Any:
            return builder.bitcast(builder.fsub(numbers, numbers), words)

        whole = builder.and_(count, INDEX(-VECTOR))
        rest = load_some(builder, builder.gep(source, [whole]), first(builder, builder.sub(count, whole)))
        begun, before = bits(rest), builder.block
        loop, after = builder.append_basic_block("vector"), builder.append_basic_block("looked_at")
        builder.cbranch(builder.icmp_signed(">", whole, INDEX(0)), loop, after)
        builder.position_at_end(loop)
        place, found = builder.phi(INDEX), builder.phi(words)
        more = builder.or_(found, bits(load(builder, builder.gep(source, [place]))))
        following = builder.add(place, INDEX(VECTOR))
        for value, start, again in ((place, INDEX(0), following), (found, begun, more)):
            value.add_incoming(start, before)
            value.add_incoming(again, loop)
        builder.cbranch(builder.icmp_signed("<", following, whole), loop, after)
        builder.position_at_end(after)
        end = builder.phi(words)
        end.add_incoming(begun, before)
        end.add_incoming(more, loop)
        some = builder.icmp_signed("!=", end, ir.Constant(words, [0] * VECTOR))
        return builder.zext(builder.bitcast(some, _BYTE), INDEX)

    return types.int64(types.int64, types.int64), generate


def _of_word(name: str) -> Any:
    """Return LLVM's function of a word by this name, for kernels."""

    @intrinsic  # type: ignore[untyped-decorator]
    def function(_typing: Any, word: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            kind = ir.FunctionType(INDEX, [INDEX])
            return builder.call(get_or_insert_function(builder.module, kind, f"llvm.{name}.i64"), arguments)

        return types.int64(types.int64), generate

    return function


#: How many bits of a word are set, and the word with its bits in the opposite order.
count_bits, turned_round = _of_word("ctpop"), _of_word("bitreverse")


def _is_not_zero(builder: Any, vector: Any) -> Any:
    """Return the mask of lanes that are neither 0.0 nor -0.0; NaN is not zero."""
    return builder.fcmp_unordered("!=", vector, ir.Constant(vector_type(element=DOUBLE), [0.0] * VECTOR))
