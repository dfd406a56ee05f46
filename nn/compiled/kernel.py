"""The one kernel that trainings run: compiled once per installation, then loaded from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numba import njit, types

from engine.kernels.store import cache_in
from nn.compiled.epochs import train as _train
from nn.compiled.records import JOB_TYPE, LAYER_TYPE

_MATRIX = types.Array(types.float64, 2, "C", readonly=True)
_VECTOR = types.Array(types.float64, 1, "C", readonly=True)
_INTEGERS = types.int64[::1]

_DATA = (_MATRIX, _MATRIX, _VECTOR)

#: As the arguments of `nn.compiled.epochs.train`.
_SIGNATURE = types.int64(
    types.Array(JOB_TYPE, 1, "C"),
    types.Array(LAYER_TYPE, 1, "C"),
    types.int64[:, ::1],
    _INTEGERS,
    *_DATA,
    *_DATA,
    _INTEGERS,
    _INTEGERS,
    _INTEGERS,
    _VECTOR,
    types.float64[:, ::1],
    types.int64,
)

_kernel: Any = None


def train(*arguments: Any) -> int:
    """Run the kernel; see `nn.compiled.epochs.train`."""
    return load()(*arguments)


def load() -> Any:
    global _kernel
    if _kernel is None:
        kernel = njit(nogil=True, error_model="numpy")(_train)
        cache_in(Path("/work/main/build/kernels"), "x", kernel)
        kernel.compile(_SIGNATURE)
        kernel.disable_compile()
        _kernel = kernel
    return _kernel
