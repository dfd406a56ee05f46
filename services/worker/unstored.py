"""What an attempt has trained and the store does not have yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from services.jobs import Flush

if TYPE_CHECKING:
    from nn.training import Floats, Progress, Trainer


class Unstored:
    """Epochs between two flushes. `epoch` is the last epoch trained, stored or not."""

    def __init__(self, epoch: int, best: dict[str, Any] | None) -> None:
        """Begin after `epoch`, with the `best` epoch so far and its metrics, as the store has it."""
        self.epoch = epoch
        self._stored = epoch
        self._best = best
        self._pieces: list[dict[str, Floats]] = []

    @property
    def has_epochs(self) -> bool:
        """Whether an epoch was completed since the last flush."""
        return self.epoch > self._stored

    def add(self, progress: Progress) -> None:
        """Take over what a call of the trainer added."""
        first = self.epoch + 1
        self.epoch = progress.epoch
        if self.epoch >= first:
            self._pieces.append(progress.curve)
        if progress.best_epoch >= first:
            values = {
                name: float(column[progress.best_epoch - first]) for name, column in progress.curve.items()
            }
            self._best = {"epoch": progress.best_epoch, **values}

    def flush(self, trainer: Trainer, epochs_per_second: float | None) -> Flush:
        """Return all of it as one flush, with the trainer's checkpoint.

        It stays here until `stored` is called: the flush may fail.
        """
        names = self._pieces[0] if self._pieces else ()
        return Flush(
            first_epoch=self._stored + 1,
            curve={name: np.concatenate([piece[name] for piece in self._pieces]) for name in names},
            epoch=self.epoch,
            checkpoint=trainer.checkpoint(),
            epochs_per_second=epochs_per_second,
            best=self._best,
            trainer=trainer.name,
        )

    def stored(self) -> None:
        """Forget what was flushed."""
        self._stored = self.epoch
        self._pieces.clear()
