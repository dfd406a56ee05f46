"""The spec: one validated, frozen request to train, without its data.

These types know no JSON. `services/schemas` builds them from a request after every check, so whatever
holds a `Spec` may trust it: names are known, widths are positive, combinations make sense, and nothing
is left to choose (no "auto", no default still open).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Problem = Literal["regression", "classification"]
Activation = Literal["linear", "relu", "leaky_relu", "tanh", "sigmoid"]
OutputActivation = Literal["linear", "relu", "leaky_relu", "tanh", "sigmoid", "softmax"]
Initializer = Literal["uniform", "xavier", "he"]
Loss = Literal["squared_error", "absolute_error", "huber", "hinge", "binary_cross_entropy", "cross_entropy"]
Reduction = Literal["mean", "sum"]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """The network: `layers` are output widths, the last one included; the number of inputs is the data's.

    `activations` has one name per hidden layer, so it is one shorter than `layers`. `output_activation`
    is what a prediction goes through. With `binary_cross_entropy` it is "sigmoid" and with
    `cross_entropy` "softmax", and the loss is then computed from the values before it.
    """

    layers: tuple[int, ...]
    activations: tuple[Activation, ...]
    output_activation: OutputActivation
    initializer: Initializer


@dataclass(frozen=True, slots=True)
class Sgd:
    """Stochastic gradient descent; names and defaults are Keras's."""

    momentum: float = 0.0
    nesterov: bool = False


@dataclass(frozen=True, slots=True)
class Adam:
    """Adam; names and defaults are Keras's."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7


@dataclass(frozen=True, slots=True)
class RmsProp:
    """RMSprop; names and defaults are Keras's (not centred)."""

    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7


@dataclass(frozen=True, slots=True)
class Adagrad:
    """Adagrad; names and defaults are Keras's."""

    initial_accumulator_value: float = 0.1
    epsilon: float = 1e-7


Optimizer = Sgd | Adam | RmsProp | Adagrad


@dataclass(frozen=True, slots=True)
class Constant:
    """Every epoch has the spec's learning rate."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A straight line from the learning rate to `end_learning_rate`, reached one epoch after the last."""

    end_learning_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """The learning rate times `decay_rate` after every `decay_epochs` epochs."""

    decay_epochs: int = 10
    decay_rate: float = 0.5


@dataclass(frozen=True, slots=True)
class Cosine:
    """Half a cosine wave from the learning rate down to `alpha` times it (Keras's CosineDecay)."""

    alpha: float = 0.0


@dataclass(frozen=True, slots=True)
class InverseScaling:
    """The learning rate divided by `epoch ** power_t` (>= 0; scikit-learn's "invscaling" in epochs)."""

    power_t: float = 0.5


Schedule = Constant | Linear | Step | Cosine | InverseScaling


@dataclass(frozen=True, slots=True)
class ValidationSplit:
    """Hold out `fraction` of the samples; `stratify` keeps the share of each class (classification only)."""

    fraction: float
    stratify: bool


@dataclass(frozen=True, slots=True)
class EarlyStopping:
    """Stop when `monitor` has not fallen by more than `min_delta` below its best for `patience` epochs."""

    monitor: Literal["train_loss", "validation_loss"]
    patience: int
    min_delta: float
    restore_best: bool


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """How the network is trained. `batch_size` None means all samples; `seed` feeds every random draw."""

    epochs: int
    learning_rate: float
    optimizer: Optimizer
    schedule: Schedule
    loss: Loss
    reduction: Reduction
    batch_size: int | None
    shuffle: bool
    seed: int
    l1: float
    l2: float
    gradient_clip_norm: float | None
    validation_split: ValidationSplit | None
    early_stopping: EarlyStopping | None
    standardize: bool


@dataclass(frozen=True, slots=True)
class Spec:
    """Problem, network and training: with the data, everything that decides the weights."""

    problem: Problem
    model: ModelSpec
    training: TrainingSpec
