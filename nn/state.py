"""Where a training stands: everything a trainer needs to go on exactly, and that as bytes, the checkpoint.

Both trainers begin from it, keep it up to date at every step and end every epoch by `end_epoch`, so a
checkpoint of one can be gone on with by the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nn.initializers import initial_parameters
from nn.numerics import NUMERICS_VERSION, Floats
from nn.optimizers import rule_of
from nn.packing import Unreadable, pack, unpack
from nn.tally import Tally

if TYPE_CHECKING:
    from nn.layout import Layout
    from nn.spec import EarlyStopping, Spec, TrainingSpec
    from nn.training import StopReason

_INFINITY = float("inf")


@dataclass(slots=True)
class TrainingState:
    """A training as of its last completed step.

    `parameters` (count,) in the flat order and `memory` (k, count), what the optimizer remembers, are the
    step's; `kept` (count,) are the parameters of the last completed epoch, or the best ones once stopped.
    `epoch` epochs and then `step` steps are done, of which `tally` has the sums. `best` is the lowest
    monitored loss, seen in `best_epoch` (0: none yet), and `best_parameters` its parameters if they will be
    wanted. `bar` is the loss that early stopping measures against, missed for `waited` epochs. `diverged_in`
    is the epoch in which a number stopped being finite (0: none).
    """

    parameters: Floats
    memory: Floats
    kept: Floats
    tally: Tally
    epoch: int = 0
    step: int = 0
    best: float = _INFINITY
    best_epoch: int = 0
    best_parameters: Floats | None = None
    bar: float = _INFINITY
    waited: int = 0
    stop_reason: StopReason | None = None
    diverged_in: int = 0

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to do."""
        return self.stop_reason is not None or self.diverged_in > 0

    @property
    def kept_epoch(self) -> int:
        """The epoch whose parameters are in `kept`."""
        restored = self.stop_reason is not None and self.best_parameters is not None
        return self.best_epoch if restored else self.epoch

    def end_epoch(self, training: TrainingSpec, monitored: float) -> None:
        """Take the epoch whose steps are all done as completed, with its monitored loss; stop if it is time.

        As Keras's `EarlyStopping`: a loss that is more than `min_delta` below the bar becomes the bar, and
        `patience` epochs without one end the training. The best epoch is the one with the lowest loss.
        """
        stopping = training.early_stopping
        self.epoch += 1
        self.kept = self.parameters.copy()
        self._begin_epoch()
        if monitored < self.best:
            self.best, self.best_epoch = monitored, self.epoch
            if stopping is not None and stopping.restore_best:
                self.best_parameters = self.kept
        if stopping is not None and self._is_out_of_patience(stopping, monitored):
            self.stop_reason = "early_stopping"
        if self.epoch == training.epochs:
            self.stop_reason = "max_epochs"
        if self.stop_reason is not None and self.best_parameters is not None:
            self.parameters, self.kept = self.best_parameters.copy(), self.best_parameters

    def diverge(self, initial_memory: Floats) -> None:
        """Go back to the end of the last completed epoch, for good."""
        self.diverged_in = self.epoch + 1
        self.parameters, self.memory = self.kept.copy(), initial_memory
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self.step, self.tally = 0, Tally([0.0] * len(self.tally.residual))

    def _is_out_of_patience(self, stopping: EarlyStopping, monitored: float) -> bool:
        if monitored + stopping.min_delta < self.bar:
            self.bar, self.waited = monitored, 0
            return False
        self.waited += 1
        return self.waited >= stopping.patience

    def to_bytes(self) -> bytes:
        """Return the checkpoint; equal states give equal bytes."""
        facts = {
            "numerics_version": NUMERICS_VERSION,
            "epoch": self.epoch,
            "step": self.step,
            "right": self.tally.right,
            "best_epoch": self.best_epoch,
            "waited": self.waited,
            "stop_reason": self.stop_reason,
            "diverged_in": self.diverged_in,
        }
        arrays = {
            "parameters": self.parameters,
            "memory": self.memory,
            "numbers": np.array(
                [self.best, self.bar, self.tally.loss, self.tally.penalty, *self.tally.residual]
            ),
        }
        if self.step:  # between epochs they are the same
            arrays["kept"] = self.kept
        if self.best_parameters is not None:
            arrays["best_parameters"] = self.best_parameters
        return pack("checkpoint", facts, arrays)

    @classmethod
    def from_bytes(cls, packed: bytes, like: TrainingState) -> TrainingState:
        """Return the state that `to_bytes` packed, of a training whose beginning is `like`.

        Raises:
            Unreadable: this is no checkpoint, one of another network or optimizer, or of other arithmetic.
        """
        facts, arrays = unpack("checkpoint", packed)
        if facts["numerics_version"] != NUMERICS_VERSION:
            raise Unreadable(
                f"the checkpoint has numerics version {facts['numerics_version']}, this is {NUMERICS_VERSION}"
            )
        parameters, memory, numbers = (
            arrays["parameters"].copy(),
            arrays["memory"].copy(),
            arrays["numbers"].tolist(),
        )
        shapes = (parameters.shape, memory.shape, len(numbers))
        if shapes != (like.parameters.shape, like.memory.shape, 4 + len(like.tally.residual)):
            raise Unreadable("the checkpoint is of another network or optimizer")
        best, bar, loss, penalty, *residual = numbers
        return cls(
            parameters,
            memory,
            kept=arrays.get("kept", parameters).copy(),
            tally=Tally(residual, facts["right"], loss, penalty),
            epoch=facts["epoch"],
            step=facts["step"],
            best=best,
            best_epoch=facts["best_epoch"],
            best_parameters=arrays["best_parameters"].copy() if "best_parameters" in arrays else None,
            bar=bar,
            waited=facts["waited"],
            stop_reason=facts["stop_reason"],
            diverged_in=facts["diverged_in"],
        )


def initial_state(spec: Spec, layout: Layout) -> TrainingState:
    """Return where every training of `spec` begins."""
    parameters = initial_parameters(spec, layout)
    initial = rule_of(spec.training.optimizer).initial
    memory = np.empty((len(initial), layout.count))
    memory[:] = np.reshape(initial, (-1, 1))
    residual = [0.0] * layout.widths[-1] if spec.problem == "regression" else []
    return TrainingState(parameters, memory, kept=parameters.copy(), tally=Tally(residual))
