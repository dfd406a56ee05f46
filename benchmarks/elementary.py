"""The elementary functions: how near they are to the truth, and how fast: `python -m benchmarks.elementary`.

Precision is measured against mpmath at 40 digits, on points drawn evenly from the ranges that matter and on
doubles of every size; `--points` says how many per function (a million takes a minute or two each). Speed is
that of a compiled loop on one core, beside NumPy's own functions, best of several, in nanoseconds per number;
and that of one call in Python, beside `math`'s.
"""

from __future__ import annotations

import argparse
import math
import timeit
from collections.abc import Callable
from random import Random

import mpmath
import numba
import numpy as np

import engine.native  # noqa: F401  (teaches Numba the functions)
from engine import elementary
from tests.engine.true_values import DIGITS, RANGES, TRUE, error_in_ulps, has_value, random_doubles

#: Small enough for the cache next to the core, so that memory does not decide.
NUMBERS = 2_000
REPETITIONS = 200

NUMPYS = {
    elementary.exp: np.exp,
    elementary.log: np.log,
    elementary.tanh: np.tanh,
    elementary.sigmoid: lambda x, out: np.reciprocal(1.0 + np.exp(-x), out=out),
    elementary.sin: np.sin,
    elementary.cos: np.cos,
}
MATHS = {
    elementary.exp: math.exp,
    elementary.log: math.log,
    elementary.tanh: math.tanh,
    elementary.sigmoid: lambda x: 1.0 / (1.0 + math.exp(-x)),
    elementary.sin: math.sin,
    elementary.cos: math.cos,
}


def worst(function: Callable[[float], float], points: int) -> tuple[float, float]:
    """Return the largest error found, in units of the last place, and where."""
    draw = Random(1)
    ranges = RANGES[function]
    share = points // (len(ranges) + 1)
    found = (0.0, 0.0)
    with mpmath.workdps(DIGITS):
        for low, high in ranges:
            for _ in range(share):
                x = draw.uniform(low, high)
                if has_value(function, x):
                    found = max(found, (error_in_ulps(function(x), TRUE[function](mpmath.mpf(x))), x))
        for x in random_doubles(share, draw):
            if has_value(function, x):
                found = max(found, (error_in_ulps(function(x), TRUE[function](mpmath.mpf(x))), x))
    return found


def nanoseconds(run: Callable[[], object], numbers: int) -> float:
    """Return the best time of `run` per number."""
    return min(timeit.repeat(run, number=1, repeat=REPETITIONS)) / numbers * 1e9


def compiled(function: Callable[[float], float]) -> Callable[[np.ndarray, np.ndarray], None]:
    """Return a compiled loop over an array."""

    @numba.njit("void(float64[::1], float64[::1])", error_model="numpy")
    def loop(x, results):
        for i in range(x.size):
            results[i] = function(x[i])

    return loop


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.elementary")
    parser.add_argument("--points", type=int, default=20_000, help="points per function (default 20,000)")
    points = parser.parse_args().points
    x = np.random.default_rng(0).uniform(0.1, 5.0, NUMBERS)
    results = np.empty(NUMBERS)
    some = x[:200].tolist()
    print(f"{'':9}{'largest error':>15}{'at':>26}{'compiled':>11}{'NumPy':>8}{'Python':>9}{'math':>7}")
    for function in TRUE:
        error, where = worst(function, points)
        loop = compiled(function)
        times = (
            nanoseconds(lambda loop=loop: loop(x, results), NUMBERS),
            nanoseconds(lambda numpys=NUMPYS[function]: numpys(x, out=results), NUMBERS),
            nanoseconds(lambda ours=function: [ours(number) for number in some], len(some)),
            nanoseconds(lambda maths=MATHS[function]: [maths(number) for number in some], len(some)),
        )
        columns = "{:9.2f}ns{:6.2f}ns{:7.0f}ns{:5.0f}ns".format(*times)
        print(f"{function.__name__:9}{error:11.4f} ulp{where!r:>26}{columns}", flush=True)


if __name__ == "__main__":
    main()
