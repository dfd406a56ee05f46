"""What the jobs of these tests train, and what an undisturbed training of it gives."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from nn import trainers
from nn.model import model_of
from nn.preparation import prepare
from nn.training import Diverged, TrainerName
from services import schemas
from services.schemas import resolved
from services.settings import Limits
from tests.faults.judge.evidence import Undisturbed

#: Multiply-adds of one call of the trainer here; any number gives the same bits.
_WORK = 1_000_000
#: Seconds for which the speed of training is measured.
_MEASURED_SECONDS = 0.3


#: A training with this seed kills its process (`tests.faults.entry`).
DEADLY_SEED = 666
#: The most that the service allows.
_MOST_EPOCHS = 10_000_000


def job_of(seconds: float, *, seed: int = 0, **limits: Any) -> dict[str, Any]:
    """Return the document of a job that trains for about `seconds` on this machine when it is idle."""
    return _document(max(2, round(seconds * _epochs_per_second())), seed, limits)


def short_job(seed: int = 0, epochs: int = 3) -> dict[str, Any]:
    """Return the document of a job that is done at once."""
    return _document(epochs, seed, {})


def endless_job(**limits: Any) -> dict[str, Any]:
    """Return the document of a job that is not done before a test ends."""
    return _document(min(_MOST_EPOCHS, round(1000 * _epochs_per_second())), 0, limits)


def big_job(**limits: Any) -> dict[str, Any]:
    """Return the document of a job that needs hundreds of megabytes: millions of parameters."""
    document = _document(10, 0, limits)
    document["model"] = {"hidden_layers": [1200, 1200]}
    document["training"]["optimizer"] = "adam"
    return document


def diverging_job() -> dict[str, Any]:
    """Return the document of a job whose loss overflows after some epochs."""
    document = _document(100_000, 0, {})
    document["dataset"] = {"inputs": [[1.0], [2.0]], "targets": [1.0, 3.0]}
    document["model"] = {"layers": [4, 1], "activation": "linear"}
    document["training"] = {"epochs": 100_000, "learning_rate": 2.0, "optimizer": "sgd", "seed": 0}
    return document


def _document(epochs: int, seed: int, limits: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "dataset": {"generator": "moons", "rows": 500, "noise": 0.1, "seed": seed},
        "model": {"hidden_layers": [24, 24]},
        "training": {
            "epochs": epochs,
            "learning_rate": 0.01,
            "batch_size": 16,
            "shuffle": True,
            "seed": seed,
        },
        **({"limits": dict(limits)} if limits else {}),
    }


@cache
def _epochs_per_second() -> float:
    trainer, _, _ = _start(_document(10_000_000, 0, {}))
    trainer.advance(_WORK)  # what is done only once is not measured
    began, first, last = time.monotonic(), trainer.advance(1).epoch, 0
    while (seconds := time.monotonic() - began) < _MEASURED_SECONDS or last == first:
        last = trainer.advance(_WORK).epoch
    return (last - first) / seconds


def undisturbed(document: Mapping[str, Any], trainer: TrainerName = "compiled") -> Undisturbed:
    """Train the job here, in one piece."""
    return _undisturbed(json.dumps(document), trainer)


@cache
def _undisturbed(body: str, name: TrainerName) -> Undisturbed:
    trainer, spec, prepared = _start(json.loads(body), name)
    pieces: dict[str, list[bytes]] = {}
    finished = False
    while not finished:
        try:
            progress = trainer.advance(_WORK)
            finished = progress.stop_reason is not None
        except Diverged as diverged:
            progress, finished = diverged.progress, True
        for name, values in progress.curve.items():
            pieces.setdefault(name, []).append(np.asarray(values, "<f8").tobytes())
    model = model_of(spec, prepared, trainer.parameters(), progress.epoch)
    metrics = {name: b"".join(parts) for name, parts in pieces.items()}
    return Undisturbed(metrics, progress.epoch, model.sha256)


def _start(document: Mapping[str, Any], name: TrainerName = "compiled") -> tuple[Any, Any, Any]:
    submission = schemas.parse_job(json.dumps(document).encode(), Limits(), lambda _id: None)
    spec = resolved.load(submission.resolved)
    prepared = prepare(spec, submission.dataset, submission.validation)
    return trainers.start(spec, prepared, trainer=name), spec, prepared
