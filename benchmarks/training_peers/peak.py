"""The most that the core can multiply and then add, each rounded: `x = x * a + b` in registers alone.

What a training could do if it had nothing to load or store and no sum to wait for. No fused multiply-add,
which rounds once and so gives other bits.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from engine.kernels.machine import tile_rows
from engine.kernels.tile import VECTOR

#: Independent vectors: enough that none waits for its own last result, and as many as the registers hold.
CHAINS = max(4, tile_rows()[0])
ROUNDS = 1_000_000

_LANES = ir.VectorType(ir.DoubleType(), VECTOR)
_INDEX = ir.IntType(64)


@intrinsic
def _rounds(_typing: Any, count: Any) -> Any:
    """Multiply and add so many times in every chain; return a number that needs all of them."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        half, one = ir.Constant(_LANES, [0.5] * VECTOR), ir.Constant(_LANES, [1.0] * VECTOR)
        before = builder.block
        loop, after = builder.append_basic_block("round"), builder.append_basic_block("after")
        builder.branch(loop)
        builder.position_at_end(loop)
        done = builder.phi(_INDEX)
        chains = [builder.phi(_LANES) for _ in range(CHAINS)]
        grown = [builder.fadd(builder.fmul(chain, half), one) for chain in chains]
        following = builder.add(done, _INDEX(1))
        for place, (chain, more) in enumerate(zip(chains, grown, strict=True)):
            chain.add_incoming(ir.Constant(_LANES, [float(place)] * VECTOR), before)
            chain.add_incoming(more, loop)
        done.add_incoming(_INDEX(0), before)
        done.add_incoming(following, loop)
        builder.cbranch(builder.icmp_signed("<", following, arguments[0]), loop, after)
        builder.position_at_end(after)
        total = grown[0]
        for more in grown[1:]:
            total = builder.fadd(total, more)
        return builder.extract_element(total, ir.IntType(32)(0))

    return types.float64(types.int64), generate


@njit("float64(int64)")
def rounds(count):
    """Run the chains."""
    return _rounds(count)


if __name__ == "__main__":
    rounds(ROUNDS)
    for _ in sys.stdin:
        began = time.process_time()
        rounds(ROUNDS)
        seconds = time.process_time() - began
        print(json.dumps({"seconds": seconds, "flops": 2 * ROUNDS * CHAINS * VECTOR}), flush=True)
