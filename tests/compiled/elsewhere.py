"""Trains the golden jobs and generated ones with the compiled trainer, in a process like another machine.

`python -m tests.compiled.elsewhere FOLDER`: kernels are kept in FOLDER. Prints one line of JSON: what was
compiled for, the golden jobs' digests, and how many generated trainings came out as the reference's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from numba.core.registry import cpu_target

from nn import trainers
from nn.compiled.kernels import compiled
from tests.compiled.trainings import Training, run, streaming, trainings, wide_trainings
from tests.nn.golden import digests_of
from tests.nn.jobs import JOBS

SMALL, WIDE = 60, 5
#: How many generated trainings are compared.
EXAMPLES = SMALL + WIDE
_same = 0

_all_checks = list(HealthCheck)


def _compare(training: Training) -> None:
    global _same
    expected = run(training, "reference")
    assert run(training, "compiled") == expected
    with streaming():
        assert run(training, "compiled") == expected
    _same += 1


@settings(max_examples=SMALL, deadline=None, suppress_health_check=_all_checks, database=None)
@given(trainings())
def _compare_small(training: Training) -> None:
    _compare(training)


@settings(max_examples=WIDE, deadline=None, suppress_health_check=_all_checks, database=None)
@given(wide_trainings())
def _compare_wide(training: Training) -> None:
    _compare(training)


def main(folder: Path) -> None:
    """Print what came out."""
    compiled._HERE = folder  # and not the installation's own, which are this machine's
    trainers.warm()
    golden = {name: digests_of(name, "compiled") for name in JOBS}
    _compare_small()
    _compare_wide()
    _, processor, features = cpu_target.target_context.codegen().magic_tuple()
    told = {
        "processor": processor,
        "vectors": [each for each in ("+avx512f", "+avx2", "+avx") if each in features.split(",")],
        "golden": golden,
        "same": _same,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
