"""The networks that trainers are compared on: all of them ReLU, squared error and plain SGD."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise


@dataclass(frozen=True)
class Network:
    """`widths` from the inputs to the outputs; `batch` samples per step, None for all.

    `epochs` is how many one measurement trains, about a tenth of a second for the compiled trainer.
    """

    widths: tuple[int, ...]
    samples: int
    batch: int | None
    epochs: int

    @property
    def name(self) -> str:
        """The name of the row."""
        widths = "-".join(map(str, self.widths))
        return f"{widths}, {self.samples} samples, batch {self.batch or 'all'}"

    @property
    def weights(self) -> int:
        """The number of weights."""
        return sum(a * b for a, b in pairwise(self.widths))

    @property
    def flops(self) -> int:
        """An epoch's multiplications and additions: forward, for the weights and, after the first layer, for
        the inputs."""
        first = self.widths[0] * self.widths[1]
        return 2 * self.samples * (3 * self.weights - first)

    def with_samples(self, samples: int) -> Network:
        """Return the same on the first so many samples."""
        return replace(self, samples=samples, batch=self.batch and min(self.batch, samples))


NETWORKS = {
    network.name: network
    for network in (
        Network((3, 3, 3, 1), 3, None, 100_000),
        Network((2, 16, 16, 1), 100, None, 10_000),
        Network((2, 16, 16, 1), 100, 1, 1_000),
        Network((64, 32, 10), 1797, None, 200),
        Network((64, 32, 10), 1797, 32, 200),
        Network((10, 64, 64, 1), 1000, 32, 200),
        Network((784, 128, 10), 6000, 64, 3),
        Network((784, 512, 512, 10), 2000, 64, 2),
        Network((784, 1024, 1024, 10), 256, 64, 3),
    )
}

#: Small enough that none of them diverges, and no number becomes subnormal, which would be slow.
LEARNING_RATE = 1e-3
