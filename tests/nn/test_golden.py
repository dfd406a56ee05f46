"""No bit of a result changes without a new numerics version."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from nn.numerics import NUMERICS_VERSION
from tests.nn.golden import dataset_digests, digests_of, golden
from tests.nn.jobs import JOBS


def test_the_golden_digests_are_of_this_numerics_version() -> None:
    assert golden()["numerics_version"] == NUMERICS_VERSION
    assert list(golden()["jobs"]) == list(JOBS)


@pytest.mark.parametrize("name", JOBS)
def test_a_job_gives_the_golden_weights_and_curve(name: str) -> None:
    assert digests_of(name) == golden()["jobs"][name]


def test_generated_datasets_are_the_golden_ones() -> None:
    assert dataset_digests() == golden()["datasets"]


@pytest.mark.parametrize("hash_seed", ["0", "4242"])
def test_another_process_under_another_hash_seed_gives_the_same_bits(hash_seed: str) -> None:
    """micrograd's operands are a set, ordered by memory address; nothing of ours may be."""
    names = ("micrograd's moons", "three classes")
    script = (
        "import sys, json; from tests.nn.golden import digests_of;"
        "print(json.dumps([digests_of(name) for name in sys.argv[1:]]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, *names],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(ran.stdout) == [golden()["jobs"][name] for name in names]
