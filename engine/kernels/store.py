"""Compiled kernels on disk: compiled once per installation, then loaded in a fraction of a second.

Numba's own cache asks only whether the file of the kernel changed, not those of the functions it calls, and finds its
folder through the environment. Ours is given its folder and a stamp of every source that matters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator


def stamp_of(modules: Iterable[ModuleType]) -> str:
    """Return a digest of the modules' source."""
    digest = hashlib.sha256()
    for module in modules:
        digest.update(Path(module.__file__ or "").read_bytes())
    return digest.hexdigest()


def cache_in(folder: Path, stamp: str, kernel: Any) -> None:
    """Make a Numba dispatcher look for its compiled form in a folder, and keep it there if it can."""

    class Locator(_CacheLocator):  # type: ignore[misc]
        @classmethod
        def from_function(cls, py_func: Any, py_file: str) -> Any:
            return cls()

        def get_cache_path(self) -> str:
            return str(folder)

        def get_source_stamp(self) -> str:
            return stamp

        def get_disambiguator(self) -> str:
            return stamp[:16]

    class Implementation(CompileResultCacheImpl):  # type: ignore[misc]
        _locator_classes = (Locator,)

    class Cache(FunctionCache):  # type: ignore[misc]
        _impl_class = Implementation

    kernel._cache = Cache(kernel.py_func)
