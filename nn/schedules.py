"""Schedules: the learning rate of every epoch.

Each is a plain function of the spec's learning rate, the epochs done, all epochs, and up to two numbers of
its own; the same source serves the reference and the compiled trainer.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.elementary import cos, power
from nn.spec import Constant, Cosine, InverseScaling, Linear, Schedule, Step, TrainingSpec

_PI = 3.141592653589793

#: `(rate, done, epochs, first, second) -> learning rate`, where `first` and `second` are the schedule's own.
RateOfEpoch = Callable[[float, float, float, float, float], float]


def constant(rate: float, done: float, epochs: float, first: float, second: float) -> float:
    """Return the rate."""
    return rate


def linear(rate: float, done: float, epochs: float, end: float, second: float) -> float:
    """Return (r - end) (1 - e / E) + end; Keras's `PolynomialDecay` with power 1."""
    return (rate - end) * (1.0 - done / epochs) + end


def step(rate: float, done: float, epochs: float, every: float, decay: float) -> float:
    """Return r decay^floor(e / every)."""
    return rate * power(decay, done // every)


def cosine(rate: float, done: float, epochs: float, alpha: float, second: float) -> float:
    """Return r ((1 - alpha) (1 + cos(pi e / E)) / 2 + alpha); Keras's `CosineDecay`."""
    return rate * ((1.0 - alpha) * (0.5 * (1.0 + cos(_PI * (done / epochs)))) + alpha)


def inverse_scaling(rate: float, done: float, epochs: float, exponent: float, second: float) -> float:
    """Return r / (e + 1)^exponent; scikit-learn's "invscaling"."""
    return rate / power(done + 1.0, exponent)


#: Every schedule.
RATES: tuple[RateOfEpoch, ...] = (constant, linear, step, cosine, inverse_scaling)


def rate_of_epoch(schedule: Schedule) -> tuple[RateOfEpoch, float, float]:
    """Return the function that the spec's schedule stands for, and its two numbers."""
    match schedule:
        case Constant():
            return constant, 0.0, 0.0
        case Linear(end_learning_rate=end):
            return linear, end, 0.0
        case Step(decay_epochs=every, decay_rate=decay):
            return step, float(every), decay
        case Cosine(alpha=alpha):
            return cosine, alpha, 0.0
        case InverseScaling(power_t=exponent):
            return inverse_scaling, exponent, 0.0


def learning_rate(training: TrainingSpec, epoch: int) -> float:
    """Return the learning rate of an epoch, counted from 1; the first has `training.learning_rate`."""
    function, first, second = rate_of_epoch(training.schedule)
    return function(training.learning_rate, float(epoch - 1), float(training.epochs), first, second)
