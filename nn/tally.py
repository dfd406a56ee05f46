"""The sums of an epoch: what its loss and score are made of, sample by sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nn.losses import loss_scale
from nn.metrics import is_right, r2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nn.spec import TrainingSpec


@dataclass(slots=True)
class Tally:
    """Sums over the samples seen so far in an epoch, or in one pass over the validation samples.

    `residual` (m,): squared distances of predictions from targets, per output; empty for classification.
    `right`: samples whose class was predicted; for classification. `loss`: the samples' losses, not yet
    scaled. `penalty`: the regularisation at the start of each step.
    """

    residual: list[float] = field(default_factory=list)
    right: int = 0
    loss: float = 0.0
    penalty: float = 0.0

    def add(self, loss: float, predictions: Sequence[float], targets: Sequence[float]) -> None:
        """Add one sample."""
        self.loss += loss
        if not self.residual:
            self.right += is_right(predictions, targets)
            return
        for output, (prediction, target) in enumerate(zip(predictions, targets, strict=True)):
            distance = prediction - target
            self.residual[output] += distance * distance

    def copy(self) -> Tally:
        """Return an independent copy."""
        return Tally(list(self.residual), self.right, self.loss, self.penalty)


def mean_loss(training: TrainingSpec, tally: Tally, shape: tuple[int, ...], steps: int) -> float:
    """Return the reported loss for targets of `shape` (n, m): reduced, plus the penalty's mean over steps."""
    samples, outputs = shape
    return tally.loss * loss_scale(training, samples, outputs) + tally.penalty / steps


def score(tally: Tally, samples: int, squares: Sequence[float]) -> float:
    """Return the accuracy, or the R^2 given the targets' `total_squares`."""
    return r2(tally.residual, squares) if tally.residual else tally.right / samples
