"""What of a spec the kernels go by, as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nn.metrics import metric_names, monitored_metric
from nn.optimizers import UPDATES, rule_of
from nn.schedules import RATES, rate_of_epoch
from nn.spec import Adam

if TYPE_CHECKING:
    from nn.layout import Layout
    from nn.preparation import Prepared
    from nn.spec import Spec, TrainingSpec

#: Multiply-adds that could be done in the time a step takes besides them, about 0.3 us.
_STEP_OVERHEAD = 4000

#: Likewise for a neuron's activation, a sample's part of the loss and its draw in the shuffle.
_LANE_OVERHEAD = 32


def facts_of(spec: Spec, prepared: Prepared, layout: Layout) -> dict[str, Any]:
    """Return the fields of a job's record that follow from the spec and the shapes of the data."""
    training = spec.training
    samples = len(prepared.train_inputs)
    validation = 0 if prepared.validation_inputs is None else len(prepared.validation_inputs)
    batch = min(training.batch_size or samples, samples)
    names = metric_names(spec.problem, prepared.validation_inputs is not None)
    lanes = _LANE_OVERHEAD * (1 + sum(layout.widths[1:]))
    return {
        "samples": samples,
        "validation_samples": validation,
        "outputs": layout.widths[-1],
        "batch": batch,
        "steps": -(-samples // batch),
        "epochs": training.epochs,
        "seed": int(np.uint64(training.seed).astype(np.int64)),
        "shuffle": training.shuffle,
        "classification": spec.problem == "classification",
        "means": training.reduction == "mean",
        "residuals": 0 if spec.problem == "classification" else layout.widths[-1],
        "sample_work": layout.training_work + lanes,
        "validation_work": layout.weight_count + lanes,
        "step_work": layout.count + _STEP_OVERHEAD,
        "l1": training.l1,
        "l2": training.l2,
        "clips": training.gradient_clip_norm is not None,
        "clip": training.gradient_clip_norm or 0.0,
        "count": layout.count,
        "inputs_finite": np.isfinite(prepared.train_inputs).all(),
        "monitored": names.index(monitored_metric(training, names)),
        **_schedule(training),
        **_optimizer(training),
        **_stopping(training),
    }


def _schedule(training: TrainingSpec) -> dict[str, Any]:
    function, first, second = rate_of_epoch(training.schedule)
    return {
        "learning_rate": training.learning_rate,
        "schedule": RATES.index(function),
        "schedule_first": first,
        "schedule_second": second,
    }


def _optimizer(training: TrainingSpec) -> dict[str, Any]:
    rule = rule_of(training.optimizer)
    _, *scalars = rule.scalars(training.learning_rate, 1)
    number = next(number for number, (update, _, _) in enumerate(UPDATES) if update is rule.update)
    facts: dict[str, Any] = {"optimizer": number}
    facts |= {f"scalar_{place}": scalar for place, scalar in enumerate(scalars, 1)}
    if isinstance(training.optimizer, Adam):
        facts |= {"beta_1": training.optimizer.beta_1, "beta_2": training.optimizer.beta_2}
    return facts


def _stopping(training: TrainingSpec) -> dict[str, Any]:
    stopping = training.early_stopping
    if stopping is None:
        return {"stops_early": False}
    return {
        "stops_early": True,
        "restores_best": stopping.restore_best,
        "patience": stopping.patience,
        "min_delta": stopping.min_delta,
    }
