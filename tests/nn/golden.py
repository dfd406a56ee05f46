"""The bits that numerics version 1 gives, kept in `golden.json`; `python -m tests.nn.golden` writes it anew.

Only a change of `NUMERICS_VERSION` may change a digest; a new job may add one.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nn.fingerprint import fingerprint
from nn.generators import GENERATORS, generate
from nn.model import model_of
from nn.numerics import NUMERICS_VERSION
from tests.nn.jobs import JOBS, curve_bytes, train

if TYPE_CHECKING:
    from nn.training import TrainerName

PATH = Path(__file__).with_name("golden.json")


def digests_of(name: str, trainer_name: TrainerName = "reference") -> dict[str, str]:
    """Return the digests of one of `JOBS`."""
    job = JOBS[name]
    trainer, progress = train(job, trainer_name)
    model = model_of(job.spec, job.prepared, trainer.parameters(), trainer.kept_epoch)
    curve = hashlib.sha256(b"".join(curve_bytes([progress]).values())).hexdigest()
    return {
        "fingerprint": fingerprint(job.spec, job.dataset, job.validation),
        "weights_sha256": model.sha256,
        "curve_sha256": curve,
    }


def dataset_digests() -> dict[str, str]:
    return {name: generate(name, 11, 0.25, 2026).sha256 for name in GENERATORS}


def golden() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(PATH.read_text())
    return content


if __name__ == "__main__":
    fresh = {
        "numerics_version": NUMERICS_VERSION,
        "jobs": {name: digests_of(name) for name in JOBS},
        "datasets": dataset_digests(),
    }
    PATH.write_text(json.dumps(fresh, indent=2) + "\n")
