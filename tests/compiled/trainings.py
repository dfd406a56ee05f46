"""Strategies for trainings over the whole contract, and what two trainers must agree on."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from nn.compiled import layers
from nn.compiled.trainer import CompiledTrainer
from nn.data import Dataset
from nn.losses import LOSSES
from nn.preparation import prepare
from nn.reference import ReferenceTrainer
from nn.spec import (
    Adagrad,
    Adam,
    Constant,
    Cosine,
    EarlyStopping,
    InverseScaling,
    Linear,
    ModelSpec,
    RmsProp,
    Sgd,
    Spec,
    Step,
    TrainingSpec,
    ValidationSplit,
)
from nn.training import Diverged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nn.preparation import Prepared
    from nn.training import Trainer

#: More work than any training here has.
EVERYTHING = 10**12

TRAINERS: dict[str, type[ReferenceTrainer | CompiledTrainer]] = {
    "reference": ReferenceTrainer,
    "compiled": CompiledTrainer,
}


#: How many times the examples of a quick run, with `--hypothesis-profile=thousands`.
THOUSANDS = 20


def generated(fast: int) -> settings:
    """Return settings for so many examples, or many times as many if the long profile is asked for."""
    many = THOUSANDS if settings.get_current_profile_name() == "thousands" else 1
    return settings(max_examples=many * fast, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Training:
    spec: Spec
    prepared: Prepared

    def __repr__(self) -> str:
        return f"{self.spec} on {self.prepared.train_inputs.shape}"

    def start(self, trainer: str, checkpoint: bytes | None = None) -> Trainer:
        return TRAINERS[trainer](self.spec, self.prepared, checkpoint)


#: Numbers that arithmetic is known to trip over: zeros of both signs, denormal, tiny, huge.
_AWKWARD = np.array([0.0, -0.0, 5e-324, -1e-310, 1e-160, -1e-8, 1.0, -1.0, 1e8, -1e150, 1e300])


def _numbers(random: np.random.Generator, shape: tuple[int, ...], awkward: float) -> np.ndarray[Any, Any]:
    numbers = random.normal(size=shape) * 10.0 ** random.integers(-2, 2)
    where = random.random(shape) < awkward
    numbers[where] = random.choice(_AWKWARD, size=int(where.sum()))
    return numbers


_rates = st.sampled_from([0.0, 1e-300, 0.001, 0.01, 0.1, 0.9, 30.0])
_shares = st.sampled_from([0.0, 0.5, 0.9, 0.999])
_optimizers = st.one_of(
    st.just(Sgd()),
    st.builds(Sgd, momentum=_shares, nesterov=st.booleans()),
    st.builds(Adam, beta_1=_shares, beta_2=_shares, epsilon=st.sampled_from([1e-7, 1e-3])),
    st.builds(RmsProp, rho=_shares, momentum=_shares),
    st.builds(Adagrad, initial_accumulator_value=st.sampled_from([0.0, 0.1])),
)
_schedules = st.one_of(
    st.just(Constant()),
    st.builds(Linear, st.sampled_from([0.0, 0.001])),
    st.builds(Step, st.integers(1, 3), st.sampled_from([0.5, 0.1])),
    st.builds(Cosine, st.sampled_from([0.0, 0.1])),
    st.builds(InverseScaling, st.sampled_from([0.5, 0.25, 1.0])),
)
_activations = st.sampled_from(["linear", "relu", "leaky_relu", "tanh", "sigmoid"])
_widths = st.one_of(st.integers(1, 5), st.sampled_from([7, 8, 9, 16, 17]))


@st.composite
def trainings(
    draw: Callable[..., Any], *, rows: st.SearchStrategy[int] | None = None, epochs: int = 3
) -> Training:
    """Generate a training: any network, any loss that fits it, any way to train, any data."""
    loss = draw(st.sampled_from(sorted(LOSSES)))
    row = LOSSES[loss]
    classes = draw(st.integers(2, 4)) if row.outputs == "classes" else 2
    outputs = {"one": 1, "classes": classes, "any": draw(st.integers(1, 9))}[row.outputs]
    hidden = draw(st.lists(_widths, max_size=3))
    count = draw(st.integers(2, 20) if rows is None else rows)
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    awkward = draw(st.sampled_from([0.0, 0.0, 0.1, 0.5]))
    inputs = _numbers(random, (count, draw(_widths)), awkward)
    if row.problem == "regression":
        dataset = Dataset(inputs, _numbers(random, (count, outputs), awkward))
    else:
        labels = np.concatenate([np.arange(classes), random.integers(classes, size=count)])[:count]
        dataset = Dataset(inputs, labels.astype(float).reshape(-1, 1), tuple(range(classes)))
    split = draw(st.none() | st.builds(ValidationSplit, st.sampled_from([0.1, 0.5]), st.booleans()))
    stopping = st.builds(
        EarlyStopping,
        st.sampled_from(["train_loss", "validation_loss"] if split else ["train_loss"]),
        st.integers(1, 3),
        st.sampled_from([0.0, 0.01]),
        st.booleans(),
    )
    training = TrainingSpec(
        epochs=draw(st.integers(1, epochs)),
        learning_rate=draw(_rates),
        optimizer=draw(_optimizers),
        schedule=draw(_schedules),
        loss=loss,
        reduction=draw(st.sampled_from(["mean", "sum"])),
        batch_size=draw(st.none() | st.integers(1, count + 2)),
        shuffle=draw(st.booleans()),
        seed=draw(st.integers(0, 2**64 - 1)),
        l1=draw(st.sampled_from([0.0, 0.01])),
        l2=draw(st.sampled_from([0.0, 0.01])),
        gradient_clip_norm=draw(st.none() | st.sampled_from([0.01, 1.0])),
        validation_split=split,
        early_stopping=draw(st.none() | stopping),
        standardize=draw(st.booleans()),
    )
    model = ModelSpec(
        layers=(*hidden, outputs),
        activations=tuple(draw(_activations) for _ in hidden),
        output_activation=draw(st.sampled_from(row.output_activations)),
        initializer=draw(st.sampled_from(["uniform", "xavier", "he"])),
    )
    spec = Spec(row.problem, model, training)
    with np.errstate(all="ignore"):
        return Training(spec, prepare(spec, dataset))


#: Of inputs, neurons and samples: what skips with any processor's vectors, and what does not fill them.
_WIDE = st.sampled_from([32, 33, 40, 64, 71])


@st.composite
def wide_trainings(draw: Callable[..., Any]) -> Training:
    """Generate a training whose samples and layers are large enough to skip zeros, mostly behind relus."""
    training = draw(trainings(rows=st.integers(33, 64), epochs=2))
    spec, inputs = training.spec, draw(_WIDE)
    hidden = draw(st.lists(_WIDE, min_size=1, max_size=2))
    activations = st.sampled_from(["relu", "relu", "relu", "tanh", "linear"])
    layers = (*hidden, spec.model.layers[-1])
    changed = replace(
        spec,
        model=replace(spec.model, layers=layers, activations=tuple(draw(activations) for _ in hidden)),
        training=replace(spec.training, batch_size=draw(st.sampled_from([None, 32, 40, 1]))),
    )
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Training(changed, _widened(training, inputs, random, draw(st.sampled_from([0.0, 0.5, 0.9]))))


def _widened(training: Training, inputs: int, random: np.random.Generator, zeros: float) -> Any:
    """Return the prepared data with so many inputs, of which a share is zero."""

    def wider(old: Any) -> Any:
        new = random.normal(size=(len(old), inputs))
        new[:, : min(inputs, old.shape[1])] = old[:, :inputs]
        new[random.random(new.shape) < zeros] = random.choice([0.0, -0.0])
        return new

    prepared = training.prepared
    held_out = prepared.validation_inputs
    return replace(
        prepared,
        train_inputs=wider(prepared.train_inputs),
        validation_inputs=None if held_out is None else wider(held_out),
        scaler=None,
    )


@contextmanager
def streaming() -> Iterator[None]:
    """Have layers of any size stream, as only those do whose trainings take the reference too long."""
    with patch.object(layers, "MOST_NEAR", 0), patch.object(layers, "FEWEST_BY_STRIPS", 1):
        yield


@dataclass
class Outcome:
    """All that can be seen of a training that has run to its end."""

    curve: dict[str, bytes]
    epoch: int
    best_epoch: int
    stop_reason: str | None
    diverged_in: int
    kept_epoch: int
    parameters: bytes
    checkpoint: bytes


def run(training: Training, trainer: str) -> Outcome:
    """Run a training to its end in one go."""
    return finish(training.start(trainer), [])


def finish(trainer: Trainer, curves: list[dict[str, Any]], work: int = EVERYTHING) -> Outcome:
    """Run a trainer to its end; `curves` are those that were returned before."""
    diverged_in = 0
    try:
        while True:
            progress = trainer.advance(work)
            curves.append(progress.curve)
            if progress.stop_reason is not None:
                break
    except Diverged as diverged:
        diverged_in, progress = diverged.epoch, diverged.progress
        curves.append(progress.curve)
    return Outcome(
        {name: b"".join(curve[name].tobytes() for curve in curves) for name in progress.curve},
        progress.epoch,
        progress.best_epoch,
        progress.stop_reason,
        diverged_in,
        trainer.kept_epoch,
        trainer.parameters().tobytes(),
        trainer.checkpoint(),
    )
