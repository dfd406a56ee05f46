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
from tests.compiled.trainings import Training, run, trainings
from tests.nn.golden import digests_of
from tests.nn.jobs import JOBS

EXAMPLES = 60
_same = 0


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(trainings())
def _compare(training: Training) -> None:
    global _same
    assert run(training, "compiled") == run(training, "reference")
    _same += 1


def main(folder: Path) -> None:
    """Print what came out."""
    compiled._HERE = folder  # and not the installation's own, which are this machine's
    trainers.warm()
    golden = {name: digests_of(name, "compiled") for name in JOBS}
    _compare()
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
