"""The resolved document: a spec as JSON, with every default written out.

It is what the store keeps and what clients see. Sent again as a request it gives the same spec.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from nn.spec import (
    Adagrad,
    Adam,
    Constant,
    Cosine,
    EarlyStopping,
    InverseScaling,
    Linear,
    ModelSpec,
    Optimizer,
    RmsProp,
    Schedule,
    Sgd,
    Spec,
    Step,
    TrainingSpec,
    ValidationSplit,
)

_OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": Sgd, "adam": Adam, "rmsprop": RmsProp, "adagrad": Adagrad}
_SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "linear": Linear,
    "step": Step,
    "cosine": Cosine,
    "inverse_scaling": InverseScaling,
}
_NAMES: dict[type[Optimizer] | type[Schedule], str] = {
    kind: name for table in (_OPTIMIZERS, _SCHEDULES) for name, kind in table.items()
}


def dump(spec: Spec) -> dict[str, Any]:
    """Return `problem`, `model` and `training` of a request that asks for exactly this spec."""
    training = asdict(spec.training)
    split = training.pop("validation_split")
    return {
        "problem": spec.problem,
        "model": {
            "layers": list(spec.model.layers),
            "activation": list(spec.model.activations),
            "output_activation": spec.model.output_activation,
            "initializer": spec.model.initializer,
        },
        "training": {
            **training,
            "optimizer": _named(spec.training.optimizer),
            "schedule": _named(spec.training.schedule),
            "validation": split,
        },
    }


def load(document: dict[str, Any]) -> Spec:
    """Return the spec of a document that `dump` made, whatever was added to it since."""
    model, training = document["model"], dict(document["training"])
    validation, stopping = training.pop("validation"), training.pop("early_stopping")
    has_split = validation is not None and "fraction" in validation
    return Spec(
        problem=document["problem"],
        model=ModelSpec(
            layers=tuple(model["layers"]),
            activations=tuple(model["activation"]),
            output_activation=model["output_activation"],
            initializer=model["initializer"],
        ),
        training=TrainingSpec(
            **{
                **training,
                "optimizer": _instance(_OPTIMIZERS, training["optimizer"]),
                "schedule": _instance(_SCHEDULES, training["schedule"]),
                "validation_split": ValidationSplit(**validation) if has_split else None,
                "early_stopping": None if stopping is None else EarlyStopping(**stopping),
            }
        ),
    )


def _named(choice: Optimizer | Schedule) -> dict[str, Any]:
    return {"type": _NAMES[type(choice)], **asdict(choice)}


def _instance(table: dict[str, Any], document: dict[str, Any]) -> Any:
    arguments = {name: value for name, value in document.items() if name != "type"}
    return table[document["type"]](**arguments)
