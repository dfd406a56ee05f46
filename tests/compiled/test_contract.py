"""The generated trainings reach everything that a spec can say."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
from hypothesis import HealthCheck, given, settings

from nn import spec
from tests.compiled.trainings import Training, trainings

_SEEN: dict[str, set[Any]] = {}


def note(**facts: Any) -> None:
    for name, value in facts.items():
        _SEEN.setdefault(name, set()).add(value)


def test_the_generated_trainings_reach_the_whole_contract() -> None:
    """A name added to the spec and forgotten in the strategies would never be compared with the reference."""
    _SEEN.clear()
    _generate()

    for name, choices in {
        "activation": spec.Activation,
        "output": spec.OutputActivation,
        "initializer": spec.Initializer,
        "loss": spec.Loss,
        "reduction": spec.Reduction,
        "optimizer": spec.Optimizer,
        "schedule": spec.Schedule,
        "monitor": spec.EarlyStopping.__annotations__["monitor"],
    }.items():
        expected = eval(choices, vars(spec)) if isinstance(choices, str) else choices
        assert _SEEN[name] >= set(get_args(expected)), name
    for name in (
        "nesterov",
        "momentum",
        "shuffle",
        "stratify",
        "clips",
        "l1",
        "l2",
        "restores",
        "standardize",
    ):
        assert _SEEN[name] == {False, True}, name
    assert {"all", "one", "some"} == _SEEN["batch"]
    assert {"zero", "minus zero", "subnormal", "tiny", "huge"} <= _SEEN["number"]
    assert {0, 1, 2, 3} <= _SEEN["hidden layers"]


@settings(
    max_examples=800, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True
)
@given(trainings())
def _generate(given_training: Training) -> None:
    model, training = given_training.spec.model, given_training.spec.training
    for activation in model.activations:
        note(activation=activation)
    note(
        **{"hidden layers": len(model.activations)},
        output=model.output_activation,
        initializer=model.initializer,
        loss=training.loss,
        reduction=training.reduction,
        optimizer=type(training.optimizer),
        schedule=type(training.schedule),
        momentum=getattr(training.optimizer, "momentum", 0.0) > 0.0,
        nesterov=getattr(training.optimizer, "nesterov", False),
        shuffle=training.shuffle,
        clips=training.gradient_clip_norm is not None,
        l1=training.l1 > 0.0,
        l2=training.l2 > 0.0,
        standardize=training.standardize,
        batch="all" if training.batch_size is None else "one" if training.batch_size == 1 else "some",
    )
    if training.early_stopping is not None:
        note(monitor=training.early_stopping.monitor, restores=training.early_stopping.restore_best)
    if training.validation_split is not None:
        note(stratify=training.validation_split.stratify)
    numbers = given_training.prepared.train_inputs.ravel()
    sizes = np.abs(numbers)
    for name, found in {
        "zero": (numbers == 0.0) & ~np.signbit(numbers),
        "minus zero": (numbers == 0.0) & np.signbit(numbers),
        "subnormal": (sizes > 0.0) & (sizes < 2.0**-1022),
        "tiny": (sizes > 0.0) & (sizes < 1e-150),
        "huge": sizes > 1e149,
    }.items():
        if found.any():
            note(number=name)
