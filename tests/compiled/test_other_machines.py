"""The same bits with the instruction sets of other processors, and the digests that were written down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.compiled.elsewhere import EXAMPLES
from tests.nn.golden import digests_of, golden
from tests.nn.jobs import JOBS

ROOT = Path(__file__).parents[2]

#: Seconds in which the kernels are compiled once more, on a machine that is busy with other tests.
PATIENCE = 280


@pytest.mark.parametrize("name", JOBS)
def test_the_compiled_trainer_gives_the_golden_weights_and_curve(name: str) -> None:
    assert digests_of(name, "compiled") == golden()["jobs"][name]


@pytest.mark.service
@pytest.mark.timeout(PATIENCE + 20)
def test_a_processor_without_wide_vectors_gives_the_same_bits(tmp_path: Path) -> None:
    """Numba compiles for the plainest processor of this kind: on x86-64 vectors of two doubles, no more.

    Tiles, unrolling and spills are all others then; only the order of every sum may not be.
    """
    told = elsewhere(tmp_path, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")

    assert (told["processor"], told["vectors"]) == ("generic", [])
    assert told["golden"] == golden()["jobs"]
    assert told["same"] >= EXAMPLES


def elsewhere(folder: Path, **environment: str) -> dict[str, Any]:
    """Run `tests.compiled.elsewhere` in a process of its own, with a cache of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.compiled.elsewhere", str(folder)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return told
