"""Equal fingerprints promise equal weights: whatever can change a weight changes the fingerprint."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from nn.fingerprint import fingerprint
from nn.spec import Adam, Cosine, EarlyStopping, Linear, Sgd, Spec, TrainingSpec, ValidationSplit
from tests.nn.jobs import JOBS, MOONS, TUTORIAL_DATA

JOB = JOBS["tutorial"]
CHANGES: dict[str, Any] = {
    "epochs": 51,
    "learning_rate": 0.02,
    "optimizer": Adam(),
    "schedule": Cosine(),
    "loss": "huber",
    "reduction": "mean",
    "batch_size": 1,
    "shuffle": True,
    "seed": 1,
    "l1": 0.1,
    "l2": 0.1,
    "gradient_clip_norm": 1.0,
    "validation_split": ValidationSplit(0.5, stratify=True),
    "early_stopping": EarlyStopping("train_loss", 1, 0.0, restore_best=True),
    "standardize": True,
}


def changed(**changes: Any) -> Spec:
    return replace(JOB.spec, training=replace(JOB.spec.training, **changes))


def test_every_field_of_the_training_has_a_change_below() -> None:
    assert list(CHANGES) == [field.name for field in fields(TrainingSpec)]


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_field_changes_the_fingerprint(name: str) -> None:
    assert fingerprint(changed(**{name: CHANGES[name]}), JOB.dataset) != fingerprint(JOB.spec, JOB.dataset)


def test_model_data_and_validation_count_too() -> None:
    other = replace(JOB.spec, model=replace(JOB.spec.model, initializer="he"))
    prints = {
        fingerprint(JOB.spec, JOB.dataset),
        fingerprint(other, JOB.dataset),
        fingerprint(JOB.spec, MOONS),
        fingerprint(JOB.spec, JOB.dataset, JOB.dataset),
        fingerprint(JOB.spec, JOB.dataset, MOONS),
    }
    assert len(prints) == 5


def test_types_with_the_same_fields_differ_and_equal_numbers_do_not() -> None:
    assert fingerprint(changed(schedule=Linear(0.0)), JOB.dataset) != fingerprint(
        changed(schedule=Cosine(0.0)), JOB.dataset
    )
    assert fingerprint(changed(l1=1), TUTORIAL_DATA) == fingerprint(changed(l1=1.0), TUTORIAL_DATA)
    assert fingerprint(changed(optimizer=Sgd(0)), JOB.dataset) == fingerprint(JOB.spec, JOB.dataset)
