"""Schedules: the learning rate of every epoch, computed by one function that every trainer uses."""

from __future__ import annotations

from engine.elementary import cos, power
from nn.spec import Constant, Cosine, InverseScaling, Linear, Step, TrainingSpec

_PI = 3.141592653589793


def learning_rate(training: TrainingSpec, epoch: int) -> float:
    """Return the learning rate of an epoch, counted from 1; the first has `training.learning_rate`.

    With rate r and e = epoch - 1 epochs done of E:

    - constant: r
    - linear: (r - end) (1 - e / E) + end (Keras's `PolynomialDecay` with power 1)
    - step: r decay_rate^floor(e / decay_epochs)
    - cosine: r ((1 - alpha) (1 + cos(pi e / E)) / 2 + alpha) (Keras's `CosineDecay`)
    - inverse_scaling: r / epoch^power_t (scikit-learn's "invscaling")
    """
    rate, done = training.learning_rate, epoch - 1
    fraction = done / training.epochs
    match training.schedule:
        case Constant():
            return rate
        case Linear(end_learning_rate=end):
            return (rate - end) * (1.0 - fraction) + end
        case Step(decay_epochs=every, decay_rate=decay):
            return rate * power(decay, float(done // every))
        case Cosine(alpha=alpha):
            return rate * ((1.0 - alpha) * (0.5 * (1.0 + cos(_PI * fraction))) + alpha)
        case InverseScaling(power_t=exponent):
            return rate / power(float(epoch), exponent)
