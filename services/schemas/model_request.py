"""The network as a client describes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from nn.spec import Activation, Initializer, OutputActivation
from services.schemas.fields import VARIANT, WHOLE, AtMost, Fields, Refusal, refuse

Width = Annotated[int, Field(ge=1), AtMost("layer_width", "model_too_large"), WHOLE]


def _one_or_each(value: Any) -> str:
    return f"{VARIANT}each" if isinstance(value, list) else f"{VARIANT}one"


HiddenActivations = Annotated[
    Annotated[Activation, Tag(f"{VARIANT}one")]
    | Annotated[list[Activation], AtMost("layers", "model_too_large"), Tag(f"{VARIANT}each")],
    Discriminator(_one_or_each),
]


class ModelRequest(Fields):
    """Layers by their widths; exactly one of `layers` and `hidden_layers`."""

    layers: (
        Annotated[
            list[Width],
            Field(min_length=1, description="Output width of every layer, the last one included."),
            AtMost("layers", "model_too_large"),
        ]
        | None
    ) = None
    hidden_layers: (
        Annotated[
            list[Width],
            Field(description="Output width of every layer but the last, which is made to fit the targets."),
            AtMost("layers", "model_too_large"),
        ]
        | None
    ) = None
    activation: Annotated[
        HiddenActivations, Field(description="One for all hidden layers, or one for each.")
    ] = "relu"
    output_activation: Literal["auto", OutputActivation] = "auto"
    initializer: Literal["auto", Initializer] = "auto"

    @model_validator(mode="after")
    def _widths_once(self) -> Self:
        if (self.layers is None) == (self.hidden_layers is None):
            what = "one of the two is needed" if self.layers is None else "only one of the two can be given"
            raise refuse(
                Refusal(("layers",), "inconsistent", f"layers or hidden_layers: {what}"),
                Refusal(("hidden_layers",), "inconsistent", f"layers or hidden_layers: {what}"),
            )
        if isinstance(self.activation, list) and len(self.activation) != self.hidden:
            field = "hidden_layers" if self.layers is None else "layers"
            detail = f"activation names {len(self.activation)}, but there are {self.hidden} hidden layers"
            raise refuse(
                Refusal(("activation",), "inconsistent", detail), Refusal((field,), "inconsistent", detail)
            )
        return self

    @property
    def hidden(self) -> int:
        """The number of hidden layers."""
        return len(self.hidden_layers) if self.hidden_layers is not None else len(self.layers or ()) - 1

    def activations(self) -> tuple[Activation, ...]:
        """Return the activation of each hidden layer."""
        if isinstance(self.activation, list):
            return tuple(self.activation)
        return (self.activation,) * self.hidden
