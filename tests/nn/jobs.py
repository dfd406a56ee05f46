"""Small jobs that together touch the whole training contract, and how to run one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nn import trainers
from nn.data import Dataset
from nn.generators import generate
from nn.preparation import prepare
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

if TYPE_CHECKING:
    from nn.preparation import Prepared
    from nn.training import Progress, Trainer, TrainerName

#: More work than any job here has.
EVERYTHING = 10**12


@dataclass(frozen=True)
class Job:
    spec: Spec
    dataset: Dataset
    validation: Dataset | None = None

    @property
    def prepared(self) -> Prepared:
        return prepare(self.spec, self.dataset, self.validation)


def model(
    *layers: int, activation: str = "relu", output: str = "linear", initializer: str = "uniform"
) -> ModelSpec:
    activations: Any = (activation,) * (len(layers) - 1)
    return ModelSpec(layers, activations, output, initializer)  # type: ignore[arg-type]


def training(**changes: Any) -> TrainingSpec:
    """Return the tutorial's training with some changes."""
    plain = TrainingSpec(
        epochs=50,
        learning_rate=0.01,
        optimizer=Sgd(),
        schedule=Constant(),
        loss="squared_error",
        reduction="sum",
        batch_size=None,
        shuffle=False,
        seed=0,
        l1=0.0,
        l2=0.0,
        gradient_clip_norm=None,
        validation_split=None,
        early_stopping=None,
        standardize=False,
    )
    return replace(plain, **changes)


def regression(model: ModelSpec, **changes: Any) -> Spec:
    return Spec("regression", model, training(**changes))


def classification(model: ModelSpec, **changes: Any) -> Spec:
    return Spec("classification", model, training(**{"reduction": "mean", "epochs": 4, **changes}))


def train(job: Job, name: TrainerName = "reference") -> tuple[Trainer, Progress]:
    """Run the job to its end in one call."""
    trainer = trainers.start(job.spec, job.prepared, trainer=name)
    return trainer, trainer.advance(EVERYTHING)


def curve_bytes(progresses: list[Progress]) -> dict[str, bytes]:
    """Return the bits of the curve that several calls of `advance` gave together."""
    names = progresses[0].curve
    return {name: b"".join(progress.curve[name].tobytes() for progress in progresses) for name in names}


def run(trainer: Trainer, work: int) -> list[Progress]:
    """Run to the end in calls of `work`."""
    progresses = [trainer.advance(work)]
    while progresses[-1].stop_reason is None:
        progresses.append(trainer.advance(work))
    return progresses


TUTORIAL_DATA = Dataset(
    np.array([[0.5, 0.5, 0.70], [0.4, -0.1, 0.5], [-0.2, -0.75, 1.0]]), np.array([[0.0], [1.0], [0.0]])
)


def _waves(rows: int) -> Dataset:
    """Two smooth outputs of three inputs; whole-number arithmetic, so that no library decides its bits."""
    steps = np.arange(rows * 3, dtype=np.int64).reshape(rows, 3)
    inputs = (steps * 37 % 101 - 50) / 64.0
    first = inputs[:, 0] * inputs[:, 1] - 0.5 * inputs[:, 2]
    second = 2.0 * inputs[:, 2] + 0.25
    return Dataset(inputs, np.stack([first, second], axis=1))


def _petals(rows: int) -> Dataset:
    """Three classes named by text, in unequal shares."""
    waves = _waves(rows)
    classes = np.array([(0, 1, 2, 2, 1, 2)[row % 6] for row in range(rows)], dtype=np.float64)
    return Dataset(
        waves.inputs + 0.25 * classes.reshape(-1, 1), classes.reshape(-1, 1), ("ash", "elm", "oak")
    )


MOONS = generate("moons", 20, 0.1, 1)

JOBS: dict[str, Job] = {
    "tutorial": Job(regression(model(3, 3, 1)), TUTORIAL_DATA),
    "xor": Job(
        classification(
            model(4, 1, activation="tanh", output="sigmoid", initializer="xavier"),
            loss="binary_cross_entropy",
            optimizer=Adam(),
            learning_rate=0.1,
            epochs=20,
        ),
        generate("xor", 4, 0.0, 0),
    ),
    "micrograd's moons": Job(
        classification(
            model(6, 6, 1),
            loss="hinge",
            l2=1e-4,
            learning_rate=1.0,
            schedule=Linear(0.1),
            batch_size=7,
            shuffle=True,
        ),
        MOONS,
    ),
    "split and early stop": Job(
        classification(
            model(5, 1, activation="leaky_relu", output="sigmoid", initializer="he"),
            loss="binary_cross_entropy",
            optimizer=RmsProp(momentum=0.5),
            learning_rate=0.3,
            epochs=30,
            validation_split=ValidationSplit(0.3, stratify=True),
            batch_size=5,
            early_stopping=EarlyStopping("validation_loss", patience=3, min_delta=1e-3, restore_best=True),
        ),
        generate("circles", 20, 0.1, 2),
    ),
    "adagrad": Job(
        classification(
            model(4, 3, 2, activation="sigmoid", output="softmax", initializer="xavier"),
            loss="cross_entropy",
            optimizer=Adagrad(),
            learning_rate=0.2,
            schedule=InverseScaling(),
        ),
        generate("spiral", 12, 0.02, 3),
    ),
    "nesterov": Job(
        regression(
            model(4, 1, activation="tanh"),
            loss="huber",
            optimizer=Sgd(momentum=0.9, nesterov=True),
            gradient_clip_norm=0.5,
            standardize=True,
            reduction="mean",
            epochs=5,
            batch_size=4,
            validation_split=ValidationSplit(0.25, stratify=False),
        ),
        generate("linear", 16, 0.1, 4),
    ),
    "two outputs": Job(
        regression(
            model(5, 4, 2, initializer="he"),
            loss="absolute_error",
            optimizer=Adam(beta_1=0.8),
            schedule=Cosine(0.1),
            epochs=5,
            seed=7,
            batch_size=3,
            shuffle=True,
            reduction="mean",
            validation_split=ValidationSplit(0.2, stratify=False),
        ),
        _waves(15),
    ),
    "three classes": Job(
        classification(
            model(5, 3, activation="tanh", output="softmax", initializer="xavier"),
            loss="cross_entropy",
            optimizer=Sgd(momentum=0.5),
            l1=1e-3,
            learning_rate=0.5,
            gradient_clip_norm=1.0,
            schedule=Step(2, 0.5),
            batch_size=8,
            shuffle=True,
            standardize=True,
            validation_split=ValidationSplit(0.25, stratify=True),
        ),
        _petals(24),
    ),
    "sigmoid output": Job(
        regression(
            model(3, 1, output="sigmoid"),
            optimizer=RmsProp(),
            reduction="mean",
            epochs=5,
            l1=1e-3,
            l2=1e-2,
            batch_size=2,
        ),
        TUTORIAL_DATA,
    ),
    "no hidden layer": Job(
        regression(model(1), learning_rate=0.05, epochs=6), generate("linear", 10, 0.0, 5)
    ),
    "one neuron wide": Job(regression(model(1, 1, activation="leaky_relu"), epochs=5), TUTORIAL_DATA),
    "mixed activations": Job(
        Spec(
            "regression",
            ModelSpec((4, 3, 3, 2), ("relu", "sigmoid", "tanh"), "leaky_relu", "xavier"),
            training(
                epochs=12,
                optimizer=Adam(),
                learning_rate=0.05,
                batch_size=6,
                seed=2**63,
                early_stopping=EarlyStopping("train_loss", patience=2, min_delta=0.5, restore_best=True),
            ),
        ),
        _waves(12),
        _waves(5),
    ),
}
