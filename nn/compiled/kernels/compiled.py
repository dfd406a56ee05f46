"""The one kernel that trainings run: compiled once per installation, then loaded from disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import types
from numba.core.compiler_lock import global_compiler_lock

import engine
from engine.kernels.store import Store
from nn import optimizers, randomness, schedules
from nn.compiled.kernels.elementwise import KNOWN
from nn.compiled.kernels.records import JOB_TYPE, LAYER_TYPE
from nn.compiled.kernels.training import train

_MATRIX = types.Array(types.float64, 2, "C", readonly=True)
_VECTOR = types.Array(types.float64, 1, "C", readonly=True)
_INTEGERS = types.int64[::1]
_DATA = (_MATRIX, _MATRIX, _VECTOR)

#: The arguments of `nn.compiled.kernels.training.train`.
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
    types.float64[:, ::1],
    types.int64,
)

_HERE = Path(__file__).parent
_ENGINE = Path(engine.__file__).parent

#: Every file that the kernel is made from, besides the programs it knows.
SOURCES = (
    *sorted(_HERE.glob("*.py")),
    *(Path(str(module.__file__)) for module in (optimizers, randomness, schedules)),
    *(_ENGINE / name for name in ("native.py", "operations.py", "compiler/opcodes.py")),
    *sorted((_ENGINE / "elementary").glob("*.py")),
    *sorted((_ENGINE / "kernels").glob("*.py")),
)

_kernel: Any = None


def warm(folder: Path | None = None, progress: Callable[[str], None] | None = None) -> None:
    """Make the kernel ready, so that no training waits for it: load it or, the first time, compile it.

    It is kept beside this file, like Python's own compiled files, or, where nothing can be written there, in
    `folder`. With neither it is compiled anew in every process. `progress` is called with the name of each
    function as its compilation begins.
    """
    global _kernel
    folders = [_HERE / "__pycache__", *([folder] if folder is not None else [])]
    with global_compiler_lock:
        _kernel = Store(folders, SOURCES, map(str, KNOWN)).get(train, _SIGNATURE, progress)


def run(*arguments: Any) -> int:
    """Run the kernel on the arguments of `nn.compiled.kernels.training.train`."""
    if _kernel is None:
        with global_compiler_lock:  # a thread that comes second finds it done
            if _kernel is None:
                warm()
    epochs: int = _kernel(*arguments)
    return epochs
