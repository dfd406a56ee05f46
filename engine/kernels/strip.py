"""The micro-kernel for sums of which many terms are zero: a strip of one row, only the terms that count.

A strip is up to eight vectors side by side in one row. Its terms are those whose bit is set in a word of 64:
the others have a zero for a factor, and adding that product would change nothing (`engine.kernels.skipping`
says when). What is left out cannot be left out of a tile of several rows, where another row needs it; so a
strip loads a vector for every product, which is as much as the nearest cache gives.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic

from engine.kernels.machine import strip_panels
from engine.kernels.variants import call_variant
from engine.kernels.vectors import (
    INDEX,
    POINTER,
    VECTOR,
    first,
    load,
    prefetch,
    spread,
    store,
    store_some,
    vector_type,
)

#: What is asked for comes here, and leaves the nearest cache to what is in use.
_SECOND_CACHE = 2


@intrinsic  # type: ignore[untyped-decorator]
def multiply_strip(
    context: Any,
    panels: Any,
    terms: Any,
    a: Any,
    a_step: Any,
    b: Any,
    b_step: Any,
    start: Any,
    start_panel: Any,
    c: Any,
    lanes: Any,
    soon: Any,
) -> Any:
    """Compute one strip: `c[p] = start[p] + sum of a[t] * b[t, p]` over the bits t of `terms`, from the
    lowest.

    `panels` is at most `strip_panels()`. a, b, start and c are addresses, `_step` and `_panel` distances in
    doubles between terms and vectors; the vectors of b's rows and of c follow each other. Only the first
    `lanes` (1..8) doubles of the last vector are written. As many vectors at `soon` are asked for meanwhile.
    """
    signature = types.void(*[types.int64] * 11)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        panels, *rest = arguments
        sizes = range(1, strip_panels() + 1)
        call_variant(builder, panels, {size: (f"strip_{size}", partial(_emit, size)) for size in sizes}, rest)
        return context.get_dummy_value()

    return signature, generate


def _emit(panels: int, builder: Any, *arguments: Any) -> None:
    """Write the strip of so many panels; the arguments are those of `multiply_strip` from `terms` on."""
    terms, a, a_step, b, b_step, start, start_panel, c, lanes, soon = arguments
    a, b, start, c, soon = (builder.inttoptr(address, POINTER) for address in (a, b, start, c, soon))
    places = range(panels)
    for p in places:
        prefetch(builder, builder.gep(soon, [INDEX(VECTOR * p)]), _SECOND_CACHE)
    begun = [load(builder, builder.gep(start, [builder.mul(start_panel, INDEX(p))])) for p in places]

    before = builder.block
    loop, after = builder.append_basic_block("term"), builder.append_basic_block("sums")
    builder.cbranch(builder.icmp_signed("!=", terms, INDEX(0)), loop, after)
    builder.position_at_end(loop)
    left = builder.phi(INDEX)
    sums = [builder.phi(vector_type()) for _ in places]
    term = _lowest_bit(builder, left)
    factor = spread(builder, builder.load(builder.gep(a, [builder.mul(term, a_step)])))
    row = builder.gep(b, [builder.mul(term, b_step)])
    grown = [
        builder.fadd(total, builder.fmul(factor, load(builder, builder.gep(row, [INDEX(VECTOR * p)]))))
        for p, total in enumerate(sums)
    ]
    following = builder.and_(left, builder.sub(left, INDEX(1)))
    for value, first_time, again in zip([left, *sums], [terms, *begun], [following, *grown], strict=True):
        value.add_incoming(first_time, before)
        value.add_incoming(again, loop)
    builder.cbranch(builder.icmp_signed("!=", following, INDEX(0)), loop, after)

    builder.position_at_end(after)
    results = [builder.phi(vector_type()) for _ in places]
    for value, none, some in zip(results, begun, grown, strict=True):
        value.add_incoming(none, before)
        value.add_incoming(some, loop)
    *whole, last = [builder.gep(c, [INDEX(VECTOR * p)]) for p in places]
    for value, target in zip(results, whole, strict=False):
        store(builder, value, target)
    with builder.if_else(builder.icmp_signed("==", lanes, INDEX(VECTOR))) as (full, cut):
        with full:
            store(builder, results[-1], last)
        with cut:
            store_some(builder, results[-1], last, first(builder, lanes))


def _lowest_bit(builder: Any, word: Any) -> Any:
    """Return the number of the lowest bit that is set; there is one."""
    flag = ir.IntType(1)
    count = get_or_insert_function(builder.module, ir.FunctionType(INDEX, [INDEX, flag]), "llvm.cttz.i64")
    return builder.call(count, [word, flag(1)])
