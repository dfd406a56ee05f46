"""What every trainer is: the shape that the reference and the compiled trainer share.

A trainer never reads a clock. Its caller says how much work one call may do, looks at its own clock in
between, and so keeps control of time, cancellation and durability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
StopReason = Literal["max_epochs", "early_stopping"]
TrainerName = Literal["compiled", "reference"]


@dataclass(frozen=True, slots=True)
class Progress:
    """What one call of `advance` added.

    `epoch` is the number of epochs completed so far. `curve` has one array per metric, "train_loss"
    first, each of the same length: the epochs `epoch - length + 1 .. epoch`, possibly none.
    `best_epoch` is the epoch with the lowest monitored loss so far (0 before the first epoch).
    `stop_reason` is None while there is more to do.
    """

    epoch: int
    curve: dict[str, Floats]
    best_epoch: int
    stop_reason: StopReason | None


class Diverged(ArithmeticError):
    """A loss or a parameter is no longer a finite number.

    Raised by `advance`. The trainer is then back at the end of the last epoch whose loss and parameters
    are all finite: `progress` holds the epochs completed in this call up to there, and `checkpoint()`
    and `weights()` give that epoch's.
    """

    def __init__(self, epoch: int, progress: Progress) -> None:
        super().__init__(f"the loss or a parameter stopped being finite in epoch {epoch}")
        self.epoch = epoch
        self.progress = progress


class Trainer(Protocol):
    """One training under way; constructed from a spec, the data and, to go on, a checkpoint."""

    #: Which of `nn.trainers.TRAINERS` this is.
    name: TrainerName

    def advance(self, work: int) -> Progress:
        """Train on for about `work` multiply-add operations, at least one sample's worth, then come back.

        Comes back inside an epoch if it must. After `stop_reason` was returned, further calls return an
        empty progress with the same reason.

        Raises:
            Diverged: a loss or a parameter is no longer finite.
        """
        ...

    def checkpoint(self) -> bytes:
        """Return everything needed to go on exactly, as of the last completed step.

        A trainer made from these bytes (by this or by the other kind of trainer) ends with the same bits.
        """
        ...

    @property
    def kept_epoch(self) -> int:
        """The epoch whose parameters `parameters()` returns: the last completed one, or the best restored."""
        ...

    def parameters(self) -> Floats:
        """Return a copy of all parameters as of the last completed epoch, or those to keep once stopped.

        Flat, layer by layer: the weights row by row (`weights[j][i]` joins input `i` to neuron `j`), then
        the biases. After the last epoch with `restore_best` these are the best epoch's.
        """
        ...
