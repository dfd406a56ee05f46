"""Requests to train, as JSON-able documents that tests change one place at a time."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from services.errors import InvalidInput
from services.schemas import parse_job
from services.settings import Limits

if TYPE_CHECKING:
    from services.jobs import Submission

#: The tutorial's job.
TUTORIAL: dict[str, Any] = {
    "name": "tutorial",
    "dataset": {
        "inputs": [[0.5, 0.5, 0.7], [0.4, -0.1, 0.5], [-0.2, -0.75, 1.0]],
        "targets": [0.0, 1.0, 0.0],
    },
    "model": {
        "layers": [3, 3, 1],
        "activation": "relu",
        "output_activation": "linear",
        "initializer": "uniform",
    },
    "training": {
        "epochs": 50,
        "learning_rate": 0.01,
        "optimizer": "sgd",
        "loss": "squared_error",
        "reduction": "sum",
        "batch_size": None,
        "shuffle": False,
        "seed": 0,
    },
    "metadata": {"customer": "42"},
}

#: The least anybody has to say.
SMALLEST: dict[str, Any] = {
    "dataset": {"inputs": [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], "targets": [1.0, 1.0, 0.0]},
    "model": {"hidden_layers": [4]},
}

#: Three classes by name.
CLASSES: dict[str, Any] = {
    "dataset": {
        "inputs": [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]],
        "targets": ["cat", "dog", "cow", "cat"],
        "problem": "classification",
    },
    "model": {"hidden_layers": [4]},
}

#: Takes a field out of a document.
LEFT_OUT = object()


def changed(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a copy in which some places, named by pointers ("/training/epochs"), have other values."""
    document = copy.deepcopy(document)
    for pointer, value in changes.items():
        place: Any = document
        *parents, last = pointer.strip("/").split("/")
        for parent in parents:
            place = place.setdefault(parent, {})
        name: Any = int(last) if isinstance(place, list) else last
        if value is LEFT_OUT:
            del place[name]
        else:
            place[name] = value
    return document


def submission(document: dict[str, Any], limits: Limits | None = None, datasets: Any = None) -> Submission:
    """Return what a request asks for; `datasets` are stored ones by id."""
    return parse_job(json.dumps(document).encode(), limits or Limits(), (datasets or {}).get)


def problems(document: Any, limits: Limits | None = None, datasets: Any = None) -> list[tuple[str, str]]:
    """Return pointer and code of everything that is wrong with a request."""
    return [(problem.pointer, problem.code) for problem in refusal(document, limits, datasets).problems]


def refusal(document: Any, limits: Limits | None = None, datasets: Any = None) -> InvalidInput:
    """Return the error that a request causes; fail if it is accepted."""
    try:
        submission(document, limits, datasets)
    except InvalidInput as error:
        return error
    raise AssertionError("the request was accepted")
