"""The data of a training: samples in order, as doubles."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nn.packing import pack, unpack

if TYPE_CHECKING:
    from nn.numerics import Floats

Label = str | int


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples in the order they are used.

    `inputs` is (n, d) and `targets` (n, m), both finite float64 in row-major order. For classification m is 1
    and `targets` holds the index of each sample's class in `labels`, which are sorted: whole numbers by
    value, text by code point. For regression `labels` is None.

    Raises:
        ValueError: the arrays are not of these shapes and types.
    """

    inputs: Floats
    targets: Floats
    labels: tuple[Label, ...] | None = None

    def __post_init__(self) -> None:
        for array in (self.inputs, self.targets):
            if array.ndim != 2 or array.dtype != np.float64 or not array.flags.c_contiguous:
                raise ValueError("inputs and targets are two-dimensional, row-major arrays of float64")
        if len(self.inputs) != len(self.targets):
            raise ValueError(f"{len(self.inputs)} inputs cannot have {len(self.targets)} targets")

    @property
    def rows(self) -> int:
        """The number of samples."""
        return len(self.inputs)

    @cached_property
    def sha256(self) -> str:
        """The digest of the content: 64 hexadecimal digits, the same on every machine."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """Return the content as bytes; equal content gives equal bytes."""
        labels = None if self.labels is None else list(self.labels)
        return pack("dataset", {"labels": labels}, {"inputs": self.inputs, "targets": self.targets})

    @classmethod
    def from_bytes(cls, packed: bytes) -> Dataset:
        """Return the dataset that `to_bytes` packed; its arrays are read-only views of `packed`.

        Raises:
            Unreadable: these are not the bytes of a dataset.
        """
        facts, arrays = unpack("dataset", packed)
        labels = facts["labels"]
        return cls(arrays["inputs"], arrays["targets"], None if labels is None else tuple(labels))
