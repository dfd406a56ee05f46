"""How large a job is, counted from its spec alone; nothing of that size exists yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nn.layout import Layout

if TYPE_CHECKING:
    from nn.data import Dataset
    from nn.spec import Spec


@dataclass(frozen=True, slots=True)
class Size:
    """The number of parameters, and `work`: epochs x rows x parameters, in multiply-adds."""

    parameters: int
    work: int


def size_of(spec: Spec, dataset: Dataset) -> Size:
    """Return the size of a training."""
    parameters = Layout((dataset.inputs.shape[1], *spec.model.layers)).count
    return Size(parameters, spec.training.epochs * dataset.rows * parameters)
