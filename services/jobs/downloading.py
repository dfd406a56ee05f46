"""The weights of a job: its model once it has succeeded, before that (or instead) its newest checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nn.model import model_of_checkpoint
from nn.preparation import prepare
from services.errors import NoWeights
from services.jobs.reading import find
from services.schemas import resolved
from services.store import Store, checkpoints, datasets, models

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nn.model import Model
    from services.store.rows import JobRow
    from services.store.sealed import Sealed


def weights(store: Store, job_id: str, owner: str = "", *, epoch: int | None = None) -> Model:
    """Return the trained network of a job; of `epoch`, if given and if it is still kept.

    Raises:
        NotFound: no such job.
        NoWeights: there is no checkpoint yet, or none of this epoch, or what made it was deleted.
        Damaged: the stored model is not what was stored. (A damaged checkpoint is passed over.)
        Unavailable: the store cannot be reached now.
    """
    with store.reading() as connection:
        job = find(connection, job_id, owner)
        if job.model_id is None:
            unfinished = _Unfinished.load(connection, job)
        else:
            finished = models.load(connection, job.model_id)
    if job.model_id is None:
        return unfinished.model(epoch)
    if finished is None:
        raise NoWeights("the job's model was deleted")
    model = models.opened(finished)
    if epoch not in (None, model.epoch):
        raise _not_kept([model.epoch])
    return model


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """What it takes to make a model of a checkpoint: the scaler and the labels come from the data."""

    job: JobRow
    checkpoints: list[checkpoints.Checkpoint]
    dataset: Sealed | None
    validation: Sealed | None

    @classmethod
    def load(cls, connection: Connection, job: JobRow) -> _Unfinished:
        kept = checkpoints.kept(connection, job.id)
        dataset = datasets.load(connection, job.dataset_id)
        return cls(job, kept, dataset, datasets.load(connection, job.validation_dataset_id))

    def model(self, epoch: int | None) -> Model:
        checkpoint = checkpoints.newest_whole(
            candidate for candidate in self.checkpoints if epoch in (None, candidate.epoch)
        )
        if checkpoint is None:
            raise _not_kept([candidate.epoch for candidate in self.checkpoints])
        if self.dataset is None or (self.validation is None) != (self.job.validation_dataset_id is None):
            raise NoWeights("the job's dataset was deleted, and a checkpoint means nothing without it")
        spec = resolved.load(self.job.spec)
        validation = None if self.validation is None else datasets.opened(self.validation)
        prepared = prepare(spec, datasets.opened(self.dataset), validation)
        return model_of_checkpoint(spec, prepared, checkpoint.state.data)


def _not_kept(kept: list[int]) -> NoWeights:
    if not kept:
        return NoWeights("the job has not stored a checkpoint yet")
    return NoWeights(f"the weights of these epochs are kept, if they are whole: {sorted(set(kept))}")
