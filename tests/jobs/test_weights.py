"""The weights of a job at every point of its life, from real trainings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import update

from nn.data import Dataset
from nn.model import Model, model_of
from nn.preparation import prepare
from nn.reference import ReferenceTrainer
from nn.spec import Constant, ModelSpec, Sgd, Spec, TrainingSpec, ValidationSplit
from services import datasets, jobs, models
from services.errors import Damaged, NotFound, NoWeights
from services.jobs import Flush
from services.schemas import resolved
from services.store import tables
from tests.support.jobs import LEASE_SECONDS, claimed, submitted

if TYPE_CHECKING:
    from services.store import Store

SPEC = Spec(
    problem="regression",
    model=ModelSpec(layers=(2, 1), activations=("tanh",), output_activation="linear", initializer="xavier"),
    training=TrainingSpec(
        epochs=4,
        learning_rate=0.1,
        optimizer=Sgd(),
        schedule=Constant(),
        loss="squared_error",
        reduction="mean",
        batch_size=None,
        shuffle=False,
        seed=7,
        l1=0.0,
        l2=0.0,
        gradient_clip_norm=None,
        validation_split=ValidationSplit(fraction=0.25, stratify=False),
        early_stopping=None,
        standardize=True,
    ),
)
INPUTS = np.arange(16, dtype=np.float64).reshape(8, 2)
DATASET = Dataset(INPUTS, np.ascontiguousarray(INPUTS[:, :1] - INPUTS[:, 1:] ** 2 / 9))


class Training:
    """A job's training, an epoch at a time, and the model that every epoch should give."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.job_id = submitted(store, dataset=DATASET, epochs=4, resolved=resolved.dump(SPEC)).id
        self.claim = claimed(store)
        self.prepared = prepare(SPEC, self.claim.dataset)
        self.trainer = ReferenceTrainer(SPEC, self.prepared)

    def epoch(self) -> Flush:
        progress = self.trainer.advance(1)
        while len(progress.curve["train_loss"]) == 0:
            progress = self.trainer.advance(1)
        return Flush(
            first_epoch=progress.epoch,
            curve=progress.curve,
            epoch=progress.epoch,
            checkpoint=self.trainer.checkpoint(),
            epochs_per_second=None,
            best=None,
            trainer=self.trainer.name,
        )

    def flush(self) -> Model:
        flush = self.epoch()
        jobs.flush(self.store, self.claim, flush, LEASE_SECONDS)
        return model_of(SPEC, self.prepared, self.trainer.parameters(), flush.epoch)


@pytest.fixture
def training(store: Store) -> Training:
    return Training(store)


def test_a_job_without_a_checkpoint_has_no_weights(store: Store, training: Training) -> None:
    with pytest.raises(NoWeights):
        jobs.weights(store, training.job_id)
    with pytest.raises(NotFound):
        jobs.weights(store, training.job_id, "somebody else")


def test_a_running_job_has_the_weights_of_its_last_flush(store: Store, training: Training) -> None:
    training.flush()
    expected = training.flush()

    weights = jobs.weights(store, training.job_id)

    assert (weights.sha256, weights.epoch) == (expected.sha256, 2)
    assert weights.scaler is not None
    assert np.array_equal(weights.predict(INPUTS), expected.predict(INPUTS))


def test_a_cancelled_job_keeps_its_weights(store: Store, training: Training) -> None:
    expected = training.flush()

    jobs.cancel(store, training.job_id)

    assert jobs.weights(store, training.job_id).sha256 == expected.sha256


def test_the_weights_of_the_two_kept_epochs_can_be_asked_for(store: Store, training: Training) -> None:
    training.flush()
    expected = [training.flush(), training.flush()]

    weights = [jobs.weights(store, training.job_id, epoch=epoch) for epoch in (2, 3)]

    assert [model.sha256 for model in weights] == [model.sha256 for model in expected]
    with pytest.raises(NoWeights, match=r"\[2, 3\]"):
        jobs.weights(store, training.job_id, epoch=1)


def test_a_damaged_checkpoint_never_gives_weights(store: Store, training: Training) -> None:
    expected = training.flush()
    training.flush()
    with store.transaction() as connection:
        newest = update(tables.checkpoints).where(tables.checkpoints.c.epoch == 2)
        connection.execute(newest.values(data=training.trainer.checkpoint()[:-1] + b"?"))

    assert jobs.weights(store, training.job_id).sha256 == expected.sha256
    with pytest.raises(NoWeights):
        jobs.weights(store, training.job_id, epoch=2)


def _finished(store: Store, training: Training) -> Model:
    for _ in range(3):
        training.flush()
    last = training.epoch()
    model = model_of(SPEC, training.prepared, training.trainer.parameters(), 4)
    jobs.finish(store, training.claim, last, model, "max_epochs")
    return model


def test_a_finished_job_has_the_weights_of_its_model(store: Store, training: Training) -> None:
    expected = _finished(store, training)

    job = jobs.get(store, training.job_id)

    assert job.weights_sha256 == expected.sha256 == jobs.weights(store, job.id).sha256
    assert jobs.weights(store, job.id, epoch=4).sha256 == expected.sha256
    assert models.content(store, str(job.model_id)).sha256 == expected.sha256
    with pytest.raises(NoWeights, match=r"\[4\]"):
        jobs.weights(store, job.id, epoch=3)


def test_a_damaged_model_never_gives_weights(store: Store, training: Training) -> None:
    _finished(store, training)
    with store.transaction() as connection:
        connection.execute(update(tables.models).values(data=b"nonsense"))

    with pytest.raises(Damaged):
        jobs.weights(store, training.job_id)


def test_a_job_whose_model_was_deleted_has_no_weights(store: Store, training: Training) -> None:
    _finished(store, training)

    models.delete(store, str(jobs.get(store, training.job_id).model_id))

    with pytest.raises(NoWeights, match="deleted"):
        jobs.weights(store, training.job_id)


def test_a_checkpoint_whose_data_was_deleted_gives_no_weights(store: Store, training: Training) -> None:
    training.flush()
    jobs.cancel(store, training.job_id)

    datasets.delete(store, jobs.get(store, training.job_id).dataset_id)

    with pytest.raises(NoWeights, match="deleted"):
        jobs.weights(store, training.job_id)
