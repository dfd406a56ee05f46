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

#: Rows that share a pointer.
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
        starts = self.all_rows(start, start_row)
        begun_with = [
            load(builder, self.at(starts[row], panel, start_panel), self.width) for row, panel in self.cells
        ]
        a_first, a_apart, b = self.some_rows(a, a_row), self.apart(a_row), self.pointer(b)

        before = builder.block
        loop, after = builder.append_basic_block("term"), builder.append_basic_block("sums")
        builder.branch(loop)
        builder.position_at_end(loop)
        step = builder.phi(INDEX)
        sums = [builder.phi(vector_type(self.width)) for _ in self.cells]
        a_so_far = [builder.phi(POINTER) for _ in a_first]
        a_now = [hidden(builder, pointer) for pointer in a_so_far]
        factors, at_b = self.every_row(a_now, a_apart), builder.gep(b, [builder.mul(step, b_step)])
        b_now = [
            load(builder, builder.gep(at_b, [INDEX(VECTOR * p)]), self.width) for p in range(self.panels)
        ]
        grown = []
        for total, (row, panel) in zip(sums, self.cells, strict=True):
            factor = spread(builder, builder.load(factors[row]), self.width)
            grown.append(builder.fadd(total, builder.fmul(factor, b_now[panel])))
        following = builder.add(step, INDEX(1))
        step.add_incoming(INDEX(0), before)
        step.add_incoming(following, loop)
        for pointer, begun, now in zip(a_so_far, a_first, a_now, strict=True):
            pointer.add_incoming(begun, before)
            pointer.add_incoming(builder.gep(now, [a_step]), loop)
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
        into = self.all_rows(c, c_row)
        targets = [builder.gep(into[row], [INDEX(panel * VECTOR)]) for row, panel in self.cells]
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

    def some_rows(self, address: Any, distance: Any) -> list[Any]:
        """Return pointers to every fourth row of a matrix whose rows are `distance` doubles apart."""
        return [self.at(self.pointer(address), row, distance) for row in range(0, self.rows, _GROUP)]

    def apart(self, distance: Any) -> list[Any]:
        """Return how far a row is from the one of `some_rows` before it."""
        far = [self.builder.mul(distance, INDEX(place)) for place in range(1, _GROUP)]
        return [INDEX(0), *(hidden(self.builder, each) for each in far)]

    def every_row(self, some: list[Any], apart: list[Any]) -> list[Any]:
        """Return pointers to all rows, made of few: an instruction adds a distance to a pointer by itself.

        With a pointer of its own for each of 16 rows there are more than registers, and a quarter of what a
        narrow tile loaded were pointers. Nor may LLVM see how rows are related: it made each address from the
        one before, and 16 additions that wait for each other take longer than a term's multiplications.
        """
        return [self.builder.gep(some[row // _GROUP], [apart[row % _GROUP]]) for row in range(self.rows)]

    def all_rows(self, address: Any, distance: Any) -> list[Any]:
        """Return pointers to the rows of a matrix that are `distance` doubles apart."""
        return self.every_row(self.some_rows(address, distance), self.apart(distance))

    def pointer(self, address: Any) -> Any:
        return self.builder.inttoptr(address, POINTER)

    def at(self, pointer: Any, count: int, distance: Any) -> Any:
        """Return pointer + count * distance, in doubles."""
        return self.builder.gep(pointer, [self.builder.mul(distance, INDEX(count))])
