"""The learning rate of an epoch, by the functions of `nn.schedules`."""

from __future__ import annotations

from typing import Any

from numba import njit, types
from numba.extending import register_jitable

import engine.native  # noqa: F401  - teaches Numba the functions that schedules call
from engine.kernels.choice import choice
from nn.schedules import RATES


def _rate_kernel(function: Any) -> Any:
    rate_of: Any = register_jitable(error_model="numpy")(function)

    @njit(nogil=True, error_model="numpy")
    def kernel(rate, done, epochs, first, second):
        return rate_of(rate, done, epochs, first, second)

    return kernel


_rate = choice([_rate_kernel(function) for function in RATES], [types.float64] * 5, types.float64)


@njit(nogil=True, error_model="numpy")
def learning_rate(job):
    """Return the learning rate of the epoch under way."""
    return _rate(
        job.schedule,
        job.learning_rate,
        float(job.epoch),
        float(job.epochs),
        job.schedule_first,
        job.schedule_second,
    )
