"""The micro-kernel: a tile of a matrix product, kept in vector registers from its first term to its last.

One tile is `rows` rows of `panels` vectors. A vector is 8 doubles (a cache line) in every kernel and on every
machine: LLVM makes it one AVX-512 register, two AVX registers or four of SSE or NEON, and lanes never mix, so
the result does not depend on which.

Each lane is one output and adds its terms one at a time in the order of `steps`: `c = c + a * b`, rounded
after the product and after the sum. Eight outputs share an instruction; no two terms of a sum ever do. That
is the interpreter's arithmetic, and with enough independent lanes it is also the fastest there is: an adder
has a latency of 3 to 4 cycles, so a tile of 8 or more vectors keeps every unit busy.

It is written as LLVM IR because Numba's own vectoriser decides by itself whether to vectorise, and spills the
tile. The factor from `a` is loaded once per product on purpose: a load that feeds one multiplication folds
into it (AVX-512's embedded broadcast) and costs nothing, while a separate broadcast takes a slot of the
floating point units. Measured on Zen 4: 16 x 1 with folded loads 58.9 Gflop/s of 59.1, 4 x 2 without 40.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from numba import types
from numba.extending import intrinsic

from engine.kernels.machine import tile_rows
from engine.kernels.variants import call_variant
from engine.kernels.vectors import (
    INDEX,
    POINTER,
    VECTOR,
    first,
    hidden,
    load,
    spread,
    store,
    store_some,
    vector_type,
)

#: Doubles in the vectors of a narrow tile.
NARROW = VECTOR // 2

#: Rows whose addresses LLVM may work out from each other.
_GROUP = 4

#: What stands for the one narrow panel of a narrow tile.
NARROW_PANEL = 0


def tiles() -> list[tuple[int, int]]:
    """Return the sizes (rows, panels) there are: up to the most rows for so many panels, and narrow ones.

    A narrow vector is half as wide: where vectors of 8 are two registers, it takes half the time.
    """
    most = tile_rows()
    sizes = [(NARROW_PANEL, most[0]), *enumerate(most, start=1)]
    return [(rows, panels) for panels, limit in sizes for rows in range(1, limit + 1)]


@intrinsic  # type: ignore[untyped-decorator]
def multiply_tile(
    context: Any,
    rows: Any,
    panels: Any,
    steps: Any,
    a: Any,
    a_row: Any,
    a_step: Any,
    b: Any,
    b_step: Any,
    start: Any,
    start_row: Any,
    start_panel: Any,
    c: Any,
    c_row: Any,
    lanes: Any,
) -> Any:
    """Compute one tile: `c[r, p] = start[r, p] + sum over t of a[r, t] * b[t, p]`, terms added in the order
    of t.

    `rows` and `panels` are one of `tiles()`; a, b, start and c are addresses, the rest distances in doubles
    between rows (`_row`), terms (`_step`) and vectors (`_panel`). The vectors of b's and c's rows follow each
    other. Only the first `lanes` (1..8, in a narrow tile 1..4) doubles of a row's last vector are written.
    """
    signature = types.void(*[types.int64] * 14)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows, panels, *rest = arguments
        number = builder.add(builder.mul(rows, INDEX(VECTOR)), panels)
        sizes = {r * VECTOR + p: (f"tile_{r}x{p}", partial(_emit, r, p)) for r, p in tiles()}
        call_variant(builder, number, sizes, rest)
        return context.get_dummy_value()

    return signature, generate


def _emit(rows: int, panels: int, builder: Any, *arguments: Any) -> None:
    """Write the tile of this size; the arguments are those of `multiply_tile` from `steps` on."""
    _Tile(builder, rows, panels).emit(*arguments)


class _Tile:
    """Writes the IR of one tile."""

    def __init__(self, builder: Any, rows: int, panels: int) -> None:
        self.width = NARROW if panels == NARROW_PANEL else VECTOR
        self.builder, self.rows, self.panels = builder, rows, max(panels, 1)
        self.cells = [(row, panel) for row in range(rows) for panel in range(self.panels)]

    def emit(
        self,
        steps: Any,
        a: Any,
        a_row: Any,
        a_step: Any,
        b: Any,
        b_step: Any,
        start: Any,
        start_row: Any,
        start_panel: Any,
        c: Any,
        c_row: Any,
        lanes: Any,
    ) -> None:
        builder = self.builder
        sources = [
            self.at(self.at(self.pointer(start), row, start_row), panel, start_panel)
            for row, panel in self.cells
        ]
        begun_with = [load(builder, source, self.width) for source in sources]
        a_rows = self.spaced(self.pointer(a), self.rows, a_row)
        b = self.pointer(b)

        before = builder.block
        loop, after = builder.append_basic_block("term"), builder.append_basic_block("sums")
        builder.branch(loop)
        builder.position_at_end(loop)
        step = builder.phi(INDEX)
        sums = [builder.phi(vector_type(self.width)) for _ in self.cells]
        at_a, at_b = builder.mul(step, a_step), builder.gep(b, [builder.mul(step, b_step)])
        b_now = [
            load(builder, builder.gep(at_b, [INDEX(VECTOR * p)]), self.width) for p in range(self.panels)
        ]
        grown = []
        for total, (row, panel) in zip(sums, self.cells, strict=True):
            factor = spread(builder, builder.load(builder.gep(a_rows[row], [at_a])), self.width)
            grown.append(builder.fadd(total, builder.fmul(factor, b_now[panel])))
        following = builder.add(step, INDEX(1))
        step.add_incoming(INDEX(0), before)
        step.add_incoming(following, loop)
        for total, begun, more in zip(sums, begun_with, grown, strict=True):
            total.add_incoming(begun, before)
            total.add_incoming(more, loop)
        builder.cbranch(builder.icmp_signed("<", following, steps), loop, after)

        builder.position_at_end(after)
        self.store(grown, c, c_row, lanes)

    def store(self, sums: list[Any], c: Any, c_row: Any, lanes: Any) -> None:
        """Write the tile; a last panel that is not full is written by `lanes`, so that its neighbour
        survives."""
        builder = self.builder
        targets = [self.at(self.pointer(c), row, c_row, panel * VECTOR) for row, panel in self.cells]
        last = [panel == self.panels - 1 for _, panel in self.cells]
        for value, target, is_last in zip(sums, targets, last, strict=True):
            if not is_last:
                store(builder, value, target)
        with builder.if_else(builder.icmp_signed("==", lanes, INDEX(self.width))) as (full, cut):
            with full:
                for value, target, is_last in zip(sums, targets, last, strict=True):
                    if is_last:
                        store(builder, value, target)
            with cut:
                mask = first(builder, lanes, self.width)
                for value, target, is_last in zip(sums, targets, last, strict=True):
                    if is_last:
                        store_some(builder, value, target, mask)

    def spaced(self, pointer: Any, count: int, distance: Any) -> list[Any]:
        """Return so many pointers, `distance` doubles apart, of which LLVM sees the relation in groups only.

        Otherwise it may work out every address from the one before it: 16 additions that wait for each other
        take longer than a term's multiplications.
        """
        pointers: list[Any] = []
        for start in range(0, count, _GROUP):
            base = hidden(self.builder, self.at(pointer, start, distance))
            pointers += [self.at(base, place, distance) for place in range(min(_GROUP, count - start))]
        return pointers

    def pointer(self, address: Any) -> Any:
        return self.builder.inttoptr(address, POINTER)

    def at(self, pointer: Any, count: int, distance: Any, extra: int = 0) -> Any:
        """Return pointer + count * distance + extra, in doubles."""
        offset = self.builder.add(self.builder.mul(distance, INDEX(count)), INDEX(extra))
        return self.builder.gep(pointer, [offset])
