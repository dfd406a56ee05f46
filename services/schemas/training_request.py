"""How to train, as a client says it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nn.spec import Loss, Reduction
from services.schemas.dataset_request import DatasetRequest, Seed
from services.schemas.fields import WHOLE, AtMost, Fields, Refusal, refuse
from services.schemas.optimizer_request import (
    AdamRequest,
    ConstantRequest,
    NotNegative,
    OptimizerRequest,
    Positive,
    ScheduleRequest,
)

#: scikit-learn's default: enough for a small dataset, and soon done.
DEFAULT_EPOCHS = 200

#: Ten times Keras's for Adam: its networks are larger and see more steps. Keras's own for SGD.
DEFAULT_LEARNING_RATE = 0.01

#: Keras's default.
DEFAULT_BATCH_SIZE = 32


class ValidationRequest(Fields):
    """Samples to validate with: a fraction held out, or a dataset of their own; exactly one of the two."""

    fraction: Annotated[float, Field(gt=0, lt=1)] | None = None
    stratify: Annotated[
        bool | None, Field(description="Keep the share of each class; the default for classification.")
    ] = None
    dataset: DatasetRequest | None = None

    @model_validator(mode="after")
    def _fraction_or_dataset(self) -> Self:
        if (self.fraction is None) == (self.dataset is None):
            what = "one of the two is needed" if self.dataset is None else "only one of the two can be given"
            raise refuse(
                Refusal(("fraction",), "inconsistent", f"fraction or dataset: {what}"),
                Refusal(("dataset",), "inconsistent", f"fraction or dataset: {what}"),
            )
        if self.stratify is not None and self.dataset is not None:
            detail = "stratify is about a fraction and means nothing with a dataset"
            raise refuse(
                Refusal(("stratify",), "inconsistent", detail), Refusal(("dataset",), "inconsistent", detail)
            )
        return self


class EarlyStoppingRequest(Fields):
    """Stop when the monitored loss has not fallen by more than `min_delta` for `patience` epochs."""

    monitor: Annotated[
        Literal["train_loss", "validation_loss"] | None,
        Field(description="Left out: `validation_loss` if there is validation, else `train_loss`."),
    ] = None
    patience: Annotated[int, Field(ge=1), AtMost("epochs"), WHOLE] = 10
    min_delta: NotNegative = 1e-4
    restore_best: bool = True


class TrainingRequest(Fields):
    """Hyperparameters; what is left out gets a default that is written into the job's `resolved`."""

    epochs: Annotated[int, Field(ge=1), AtMost("epochs"), WHOLE] = DEFAULT_EPOCHS
    learning_rate: Positive = DEFAULT_LEARNING_RATE
    optimizer: OptimizerRequest = AdamRequest(type="adam")
    schedule: ScheduleRequest = ConstantRequest(type="constant")
    loss: Annotated[
        Literal["auto", Loss],
        Field(description="auto: squared_error for regression, cross-entropy for classification."),
    ] = "auto"
    reduction: Reduction = "mean"
    batch_size: Annotated[
        Annotated[int, Field(ge=1), AtMost("rows"), WHOLE] | None, Field(description="null: all samples.")
    ] = DEFAULT_BATCH_SIZE
    shuffle: bool = True
    seed: Seed = 0
    l1: NotNegative = 0.0
    l2: NotNegative = 0.0
    gradient_clip_norm: Positive | None = None
    validation: ValidationRequest | None = None
    early_stopping: EarlyStoppingRequest | None = None
    standardize: Annotated[
        bool | None,
        Field(description="Of the inputs; left out: if some column's largest value is below 0.1 or above 3."),
    ] = None

    @model_validator(mode="after")
    def _monitored_loss_exists(self) -> Self:
        stopping = self.early_stopping
        if stopping is not None and stopping.monitor == "validation_loss" and self.validation is None:
            detail = "there is no validation_loss without validation"
            raise refuse(
                Refusal(("early_stopping", "monitor"), "inconsistent", detail),
                Refusal(("validation",), "inconsistent", detail),
            )
        return self
