"""The compiled trainer: the reference's bits at the machine's speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nn.compiled.kernels.compiled import run
from nn.compiled.kernels.shuffling import RANDOM_SIZE
from nn.compiled.kernels.training import EARLY_STOPPING, MAX_EPOCHS
from nn.compiled.plan import plan
from nn.layout import Layout
from nn.metrics import metric_names, total_squares
from nn.state import TrainingState, initial_state
from nn.tally import Tally
from nn.training import Diverged, Progress

if TYPE_CHECKING:
    from nn.numerics import Floats
    from nn.preparation import Prepared
    from nn.spec import Problem, Spec
    from nn.training import StopReason, TrainerName

#: Most epochs that one call completes: their metrics are kept until it returns.
MOST_EPOCHS = 65536

_STOP_REASONS: dict[int, StopReason | None] = {MAX_EPOCHS: "max_epochs", EARLY_STOPPING: "early_stopping"}


class CompiledTrainer:
    """Trains with native kernels; see `nn.training.Trainer`.

    Args:
        spec: what to train.
        prepared: the data, from `nn.preparation.prepare`.
        checkpoint: where to go on, from `checkpoint()` of either trainer; None begins afresh.

    Raises:
        Unreadable: the checkpoint is damaged or belongs to another training.
    """

    name: TrainerName = "compiled"

    def __init__(self, spec: Spec, prepared: Prepared, checkpoint: bytes | None = None) -> None:
        self._training = spec.training
        layout = Layout((prepared.train_inputs.shape[1], *spec.model.layers))
        self._fresh = initial_state(spec, layout)
        self._names = metric_names(spec.problem, prepared.validation_inputs is not None)
        self._plan = plan(spec, prepared)
        self._job = self._plan.job[0]
        inputs, targets = prepared.train_inputs, prepared.train_targets
        held_out_inputs, held_out_targets = prepared.validation_inputs, prepared.validation_targets
        if held_out_inputs is None or held_out_targets is None:
            held_out_inputs, held_out_targets = inputs[:0], targets[:0]
        self._data = (
            *_data(spec.problem, inputs, targets),
            *_data(spec.problem, held_out_inputs, held_out_targets),
        )
        self._order = np.arange(self._job["samples"])
        self._straight = np.arange(self._job["validation_samples"])
        self._random = np.zeros(RANDOM_SIZE, np.int64)
        self._begin(TrainingState.from_bytes(checkpoint, self._fresh) if checkpoint else self._fresh)

    def advance(self, work: int) -> Progress:
        """Train on for about `work` multiply-adds; see `nn.training.Trainer.advance`."""
        job = self._job
        first = int(job["epoch"]) + 1
        epochs = max(0, min(MOST_EPOCHS, self._training.epochs + 1 - first))
        curve = np.empty((epochs, len(self._names)))
        done = run(
            self._plan.job,
            self._plan.layers,
            self._plan.code,
            self._plan.rows,
            *self._data,
            self._order,
            self._straight,
            self._random,
            curve,
            work,
        )
        metrics = {name: curve[:done, place].copy() for place, name in enumerate(self._names)}
        reason = _STOP_REASONS.get(int(job["stop_reason"]))
        progress = Progress(int(job["epoch"]), metrics, int(job["best_epoch"]), reason)
        if job["diverged_in"]:
            raise Diverged(int(job["diverged_in"]), progress)
        return progress

    def checkpoint(self) -> bytes:
        """Return the state as of the last completed step."""
        return self._state().to_bytes()

    @property
    def kept_epoch(self) -> int:
        """The epoch whose parameters `parameters()` returns."""
        return self._state().kept_epoch

    def parameters(self) -> Floats:
        """Return a copy of the parameters (count,) of the last completed epoch, or the best once stopped."""
        return self._state().kept

    def _begin(self, state: TrainingState) -> None:
        """Take over where a training stands."""
        pieces, job = self._plan.pieces, self._job
        pieces["parameters"].array[:] = state.parameters
        pieces["memory"].array[:] = state.memory.ravel()
        pieces["kept"].array[:] = state.kept
        pieces["residual"].array[: len(state.tally.residual)] = state.tally.residual
        if state.best_parameters is not None:
            pieces["best_parameters"].array[:] = state.best_parameters
        job["has_best"] = state.best_parameters is not None
        for name in ("epoch", "step", "best", "best_epoch", "bar", "waited", "diverged_in"):
            job[name] = getattr(state, name)
        for name in ("right", "loss", "penalty"):
            job[name] = getattr(state.tally, name)
        job["stop_reason"] = next(
            (code for code, reason in _STOP_REASONS.items() if reason == state.stop_reason), 0
        )

    def _state(self) -> TrainingState:
        """Return where the training stands."""
        pieces, job = self._plan.pieces, self._job
        residual = pieces["residual"].array[: len(self._fresh.tally.residual)].tolist()
        best = pieces["best_parameters"].array.copy() if job["has_best"] else None
        state = TrainingState(
            pieces["parameters"].array.copy(),
            pieces["memory"].array.reshape(self._fresh.memory.shape).copy(),
            pieces["kept"].array.copy(),
            Tally(residual, int(job["right"]), float(job["loss"]), float(job["penalty"])),
            epoch=int(job["epoch"]),
            step=int(job["step"]),
            best=float(job["best"]),
            best_epoch=int(job["best_epoch"]),
            best_parameters=best,
            bar=float(job["bar"]),
            waited=int(job["waited"]),
            stop_reason=_STOP_REASONS.get(int(job["stop_reason"])),
        )
        if job["diverged_in"]:
            state.diverge(self._fresh.memory)
        if state.stop_reason is not None and best is not None:
            state.parameters, state.kept = best.copy(), best
        return state


def _data(problem: Problem, inputs: Floats, targets: Floats) -> tuple[Floats, Floats, Floats]:
    """Return samples as the kernel takes them, with the targets' total squares if R^2 needs them."""
    has_squares = problem == "regression" and len(targets) > 0
    squares = np.array(total_squares(targets)) if has_squares else np.zeros(targets.shape[1])
    return _read_only(inputs), _read_only(targets), _read_only(squares)


def _read_only(array: Floats) -> Floats:
    """Return the array as the type that the kernel was compiled for."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
