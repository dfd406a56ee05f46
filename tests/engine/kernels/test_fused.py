"""Programs known beforehand run as one native loop, to the bits of their definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit

from engine.compiler.program import evaluate
from engine.kernels.fused import spelled
from nn.compiled.kernels.elementwise import KNOWN, UNKNOWN, _run_known, number_of
from nn.compiled.programs import loss_program

NUMBERS = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 3e-310, 1e300, -1e300, math.inf, -math.inf, math.nan, 17.25]


@njit(nogil=True, error_model="numpy")
def run_known(number, rows, lanes):
    _run_known(number, rows, 0, lanes)


@pytest.mark.parametrize("number", range(len(KNOWN)))
def test_a_known_program_gives_the_bits_of_its_definition_in_every_lane(number: int) -> None:
    """Lanes are as many as make whole vectors, a part of one, and single numbers at the end."""
    known = KNOWN[number]
    program = known.program
    lanes = 8 * 5 + 3
    random = np.random.default_rng(number)
    inputs = random.choice(NUMBERS + random.normal(size=30).tolist(), (len(program.inputs), lanes))
    rows = np.vstack([inputs, np.full((len(program.outputs), lanes), 99.0)])
    addresses = rows.ctypes.data + rows.strides[0] * np.arange(len(rows))
    results = np.arange(len(program.inputs), len(rows))
    if known.overwritten is not None:
        results[0] = program.inputs.index(known.overwritten)
        addresses[len(program.inputs)] = addresses[results[0]]

    run_known(number, addresses, lanes)

    expected = np.array(
        [list(evaluate(program, inputs[:, lane].tolist()).values()) for lane in range(lanes)]
    ).T
    assert same_bits(rows[results], expected)


def test_a_program_is_spelled_as_python_that_does_the_same() -> None:
    program = loss_program("squared_error", 1)

    assert spelled(program) == (
        "def loop(rows, first_row, lanes):\n"
        "    row0 = rows[first_row + 0]\n"
        "    row1 = rows[first_row + 1]\n"
        "    row2 = rows[first_row + 2]\n"
        "    row3 = rows[first_row + 3]\n"
        "    row4 = rows[first_row + 4]\n"
        "    for lane in range(lanes):\n"
        "        x0 = get(row0, lane)\n"
        "        x1 = get(row1, lane)\n"
        "        x2 = get(row2, lane)\n"
        "        n0 = f0(x0, x1)\n"
        "        n1 = f1(n0, n0)\n"
        "        n2 = f2(c1, n0)\n"
        "        n3 = f3(n2, x2)\n"
        "        n4 = f4(c0, n3)\n"
        "        put(row3, lane, n1)\n"
        "        put(row4, lane, n4)\n"
    )


def test_the_loss_of_several_classes_is_for_the_interpreter() -> None:
    """Its program has another length for every number of classes."""
    assert number_of(loss_program("cross_entropy", 3)) == UNKNOWN
    assert number_of(loss_program("hinge", 1)) != UNKNOWN


def same_bits(found: np.ndarray, expected: np.ndarray) -> bool:
    alike = found.view(np.int64) == expected.view(np.int64)
    return bool((alike | (np.isnan(found) & np.isnan(expected))).all())
