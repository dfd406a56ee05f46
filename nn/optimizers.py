"""Optimizers: how a step turns gradients into new parameters. The updates are Keras 3's.

Each is a plain function of one parameter, its gradient, what the optimizer remembers about it (`state`), and
numbers that are the same for all parameters of a step (`scalars`). It uses + - * / and a square root it is
given, so the same source serves single floats, whole arrays and a tracer. A parameter that is not finite has
to stay so, whatever its gradient: then an epoch that has left the doubles ends as one that has diverged.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.elementary import power
from nn.spec import Adagrad, Adam, Optimizer, RmsProp, Sgd

#: Anything with arithmetic: a float, an array, a tracer's value.
Number = Any
Numbers = tuple[Number, ...]
Root = Callable[[Number], Number]
#: The new parameter and the new state.
Updated = tuple[Number, Numbers]
Update = Callable[[Number, Number, Numbers, Numbers, Root], Updated]


def sgd(parameter: Number, gradient: Number, state: Numbers, scalars: Numbers, sqrt: Root) -> Updated:
    """Return p - lr g. Scalars: (lr,)."""
    (learning_rate,) = scalars
    return parameter - learning_rate * gradient, ()


def momentum(parameter: Number, gradient: Number, state: Numbers, scalars: Numbers, sqrt: Root) -> Updated:
    """Return p + v with v = momentum v - lr g. State: (v,); scalars: (lr, momentum)."""
    (velocity,) = state
    learning_rate, keep = scalars
    velocity = keep * velocity - learning_rate * gradient
    return parameter + velocity, (velocity,)


def nesterov(parameter: Number, gradient: Number, state: Numbers, scalars: Numbers, sqrt: Root) -> Updated:
    """Return p + (momentum v - lr g) with v = momentum v - lr g. State: (v,); scalars: (lr, momentum)."""
    (velocity,) = state
    learning_rate, keep = scalars
    velocity = keep * velocity - learning_rate * gradient
    return parameter + (keep * velocity - learning_rate * gradient), (velocity,)


def adam(parameter: Number, gradient: Number, state: Numbers, scalars: Numbers, sqrt: Root) -> Updated:
    """Return p - m alpha / (sqrt(v) + epsilon), m and v moved towards g and g^2.

    State: (m, v); scalars: (alpha, 1 - beta_1, 1 - beta_2, epsilon), where
    alpha = lr sqrt(1 - beta_2^t) / (1 - beta_1^t) in step t = 1, 2, ...
    D. P. Kingma and J. Ba, "Adam" (2014), in the form just before its section 2.1.
    """
    mean, square = state
    alpha, mean_rate, square_rate, epsilon = scalars
    mean = mean + (gradient - mean) * mean_rate
    square = square + (gradient * gradient - square) * square_rate
    return parameter - mean * alpha / (sqrt(square) + epsilon), (mean, square)


def rmsprop(parameter: Number, gradient: Number, state: Numbers, scalars: Numbers, sqrt: Root) -> Updated:
    """Return p - lr g / sqrt(v + epsilon) with v = rho v + (1 - rho) g^2.

    State: (v,); scalars: (lr, rho, 1 - rho, epsilon). T. Tieleman and G. Hinton, lecture 6.5 (2012).
    """
    (square,) = state
    learning_rate, keep, rate, epsilon = scalars
    square = keep * square + rate * (gradient * gradient)
    return parameter - learning_rate * gradient / sqrt(square + epsilon), (square,)


def rmsprop_momentum(
    parameter: Number, gradient: Number, state: Numbers, scalars: Numbers, sqrt: Root
) -> Updated:
    """Return p - b with b = momentum b + rmsprop's step. State: (v, b); scalars: rmsprop's, then momentum."""
    square, velocity = state
    learning_rate, keep, rate, epsilon, velocity_keep = scalars
    square = keep * square + rate * (gradient * gradient)
    velocity = velocity_keep * velocity + learning_rate * gradient / sqrt(square + epsilon)
    return parameter - velocity, (square, velocity)


def adagrad(parameter: Number, gradient: Number, state: Numbers, scalars: Numbers, sqrt: Root) -> Updated:
    """Return p - lr g / sqrt(a + epsilon) with a = a + g^2.

    State: (a,); scalars: (lr, epsilon). J. Duchi et al., "Adaptive subgradient methods" (2011).
    """
    (accumulated,) = state
    learning_rate, epsilon = scalars
    accumulated = accumulated + gradient * gradient
    return parameter - learning_rate * gradient / sqrt(accumulated + epsilon), (accumulated,)


#: Every update, how many numbers it remembers for a parameter, and how many scalars it takes. Of the scalars
#: only the first changes from step to step.
UPDATES: tuple[tuple[Update, int, int], ...] = (
    (sgd, 0, 1),
    (momentum, 1, 2),
    (nesterov, 1, 2),
    (adam, 2, 4),
    (rmsprop, 1, 4),
    (rmsprop_momentum, 2, 5),
    (adagrad, 1, 2),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """An optimizer ready to use.

    `initial` has the first value of each number remembered per parameter; `scalars(learning_rate, step)`
    gives the numbers shared by all parameters in a step, counted from 1 over the whole training.
    """

    update: Update
    initial: tuple[float, ...]
    scalars: Callable[[float, int], tuple[float, ...]]


def rule_of(optimizer: Optimizer) -> Rule:
    """Return the rule that the spec's optimizer stands for."""
    match optimizer:
        case Sgd(momentum=0.0):
            return Rule(sgd, (), lambda rate, step: (rate,))
        case Sgd(momentum=keep, nesterov=look_ahead):
            return Rule(nesterov if look_ahead else momentum, (0.0,), lambda rate, step: (rate, keep))
        case Adam():
            return Rule(adam, (0.0, 0.0), lambda rate, step: _adam_scalars(optimizer, rate, step))
        case RmsProp(rho=rho, momentum=0.0, epsilon=epsilon):
            return Rule(rmsprop, (0.0,), lambda rate, step: (rate, rho, 1.0 - rho, epsilon))
        case RmsProp(rho=rho, momentum=keep, epsilon=epsilon):
            return Rule(
                rmsprop_momentum, (0.0, 0.0), lambda rate, step: (rate, rho, 1.0 - rho, epsilon, keep)
            )
        case Adagrad(initial_accumulator_value=first, epsilon=epsilon):
            return Rule(adagrad, (first,), lambda rate, step: (rate, epsilon))


def adam_alpha(learning_rate: float, step: float, beta_1: float, beta_2: float) -> float:
    """Return lr sqrt(1 - beta_2^t) / (1 - beta_1^t) for step t = 1, 2, ..."""
    return learning_rate * math.sqrt(1.0 - power(beta_2, step)) / (1.0 - power(beta_1, step))


def _adam_scalars(optimizer: Adam, learning_rate: float, step: int) -> tuple[float, ...]:
    alpha = adam_alpha(learning_rate, float(step), optimizer.beta_1, optimizer.beta_2)
    return alpha, 1.0 - optimizer.beta_1, 1.0 - optimizer.beta_2, optimizer.epsilon
