"""Optimizers and schedules as a client writes them: a name, or an object with the name as its type.

Names and defaults are Keras's (schedules: Keras's and scikit-learn's); the defaults are those of `nn.spec`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from nn import spec
from services.schemas.fields import VARIANT, WHOLE, Fields

_SGD, _ADAM, _RMSPROP, _ADAGRAD = spec.Sgd(), spec.Adam(), spec.RmsProp(), spec.Adagrad()
_LINEAR, _STEP, _COSINE, _INVERSE = spec.Linear(), spec.Step(), spec.Cosine(), spec.InverseScaling()

Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class SgdRequest(Fields):
    """Stochastic gradient descent."""

    type: Literal["sgd"]
    momentum: Share = _SGD.momentum
    nesterov: bool = _SGD.nesterov

    def spec(self) -> spec.Sgd:
        """Return the optimizer for the spec."""
        return spec.Sgd(self.momentum, self.nesterov)


class AdamRequest(Fields):
    """Adam."""

    type: Literal["adam"]
    beta_1: Share = _ADAM.beta_1
    beta_2: Share = _ADAM.beta_2
    epsilon: Positive = _ADAM.epsilon

    def spec(self) -> spec.Adam:
        """Return the optimizer for the spec."""
        return spec.Adam(self.beta_1, self.beta_2, self.epsilon)


class RmsPropRequest(Fields):
    """RMSprop, not centred."""

    type: Literal["rmsprop"]
    rho: Share = _RMSPROP.rho
    momentum: Share = _RMSPROP.momentum
    epsilon: Positive = _RMSPROP.epsilon

    def spec(self) -> spec.RmsProp:
        """Return the optimizer for the spec."""
        return spec.RmsProp(self.rho, self.momentum, self.epsilon)


class AdagradRequest(Fields):
    """Adagrad."""

    type: Literal["adagrad"]
    initial_accumulator_value: NotNegative = _ADAGRAD.initial_accumulator_value
    epsilon: Positive = _ADAGRAD.epsilon

    def spec(self) -> spec.Adagrad:
        """Return the optimizer for the spec."""
        return spec.Adagrad(self.initial_accumulator_value, self.epsilon)


class ConstantRequest(Fields):
    """Every epoch has the same learning rate."""

    type: Literal["constant"]

    def spec(self) -> spec.Constant:
        """Return the schedule for the spec."""
        return spec.Constant()


class LinearRequest(Fields):
    """A straight line from the learning rate towards `end_learning_rate`."""

    type: Literal["linear"]
    end_learning_rate: NotNegative = _LINEAR.end_learning_rate

    def spec(self) -> spec.Linear:
        """Return the schedule for the spec."""
        return spec.Linear(self.end_learning_rate)


class StepRequest(Fields):
    """The learning rate times `decay_rate` after every `decay_epochs` epochs."""

    type: Literal["step"]
    decay_epochs: Annotated[int, Field(ge=1), WHOLE] = _STEP.decay_epochs
    decay_rate: Positive = _STEP.decay_rate

    def spec(self) -> spec.Step:
        """Return the schedule for the spec."""
        return spec.Step(self.decay_epochs, self.decay_rate)


class CosineRequest(Fields):
    """Half a cosine wave from the learning rate down to `alpha` times it."""

    type: Literal["cosine"]
    alpha: Annotated[float, Field(ge=0, le=1)] = _COSINE.alpha

    def spec(self) -> spec.Cosine:
        """Return the schedule for the spec."""
        return spec.Cosine(self.alpha)


class InverseScalingRequest(Fields):
    """The learning rate divided by `epoch ** power_t`."""

    type: Literal["inverse_scaling"]
    power_t: NotNegative = _INVERSE.power_t

    def spec(self) -> spec.InverseScaling:
        """Return the schedule for the spec."""
        return spec.InverseScaling(self.power_t)


def _as_object(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


def _variant(value: Any) -> str | None:
    """Return the tag of the variant that a value names; None if it names none that could exist."""
    name = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return f"{VARIANT}{name}" if isinstance(name, str) else None


OptimizerName = Literal["sgd", "adam", "rmsprop", "adagrad"]
AnyOptimizer = SgdRequest | AdamRequest | RmsPropRequest | AdagradRequest
OptimizerRequest = Annotated[
    Annotated[SgdRequest, Tag(f"{VARIANT}sgd")]
    | Annotated[AdamRequest, Tag(f"{VARIANT}adam")]
    | Annotated[RmsPropRequest, Tag(f"{VARIANT}rmsprop")]
    | Annotated[AdagradRequest, Tag(f"{VARIANT}adagrad")],
    Discriminator(
        _variant,
        custom_error_type="one_of",
        custom_error_message=(
            "must be one of 'sgd', 'adam', 'rmsprop', 'adagrad', or an object with one as its type"
        ),
    ),
    BeforeValidator(_as_object, json_schema_input_type=OptimizerName | AnyOptimizer),
]

ScheduleName = Literal["constant", "linear", "step", "cosine", "inverse_scaling"]
AnySchedule = ConstantRequest | LinearRequest | StepRequest | CosineRequest | InverseScalingRequest
ScheduleRequest = Annotated[
    Annotated[ConstantRequest, Tag(f"{VARIANT}constant")]
    | Annotated[LinearRequest, Tag(f"{VARIANT}linear")]
    | Annotated[StepRequest, Tag(f"{VARIANT}step")]
    | Annotated[CosineRequest, Tag(f"{VARIANT}cosine")]
    | Annotated[InverseScalingRequest, Tag(f"{VARIANT}inverse_scaling")],
    Discriminator(
        _variant,
        custom_error_type="one_of",
        custom_error_message=(
            "must be one of 'constant', 'linear', 'step', 'cosine', 'inverse_scaling',"
            " or an object with one as its type"
        ),
    ),
    BeforeValidator(_as_object, json_schema_input_type=ScheduleName | AnySchedule),
]
