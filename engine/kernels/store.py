"""Compiled kernels on disk: compiled once per installation, then loaded in a fraction of a second.

Numba's own cache asks whether the file of a kernel changed, not the files of the functions it calls, and is
told its folder by the environment. This one is given its folders, and every source that matters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from numba import njit
from numba.core import event
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator

#: Kernels give the interpreter's lock away and divide as IEEE 754 says. They count no references to the
#: arrays they are given (so they cannot make any): each count is an atomic instruction, and counting was half
#: of what a step of a small network took. Numba has no other name for that.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


class Store:
    """Compiled kernels, kept in the first of `folders` that can be written.

    They are made from the files `sources` and from `programs`, as text.
    """

    def __init__(
        self, folders: Sequence[Path], sources: Iterable[Path], programs: Iterable[str] = ()
    ) -> None:
        digest = hashlib.sha256()
        for source in sources:
            digest.update(source.read_bytes())
        for program in programs:
            digest.update(program.encode())
        self._folders, self._stamp = folders, digest.hexdigest()

    def get(self, function: Any, signature: Any, progress: Callable[[str], None] | None = None) -> Any:
        """Return a kernel, loaded or else compiled; `progress` is told the name of each function compiled."""
        kernel: Any = njit(**_OPTIONS)(function)
        for folder in self._folders:
            loaded = _loaded(self._cache(kernel, folder), signature, kernel)
            if loaded is not None:
                kernel.add_overload(loaded)
                return kernel
        for folder in filter(_is_writable, self._folders):
            kernel._cache = self._cache(kernel, folder)
            break
        with event.install_listener("numba:compile", _Listener(progress)):
            kernel.compile(signature)
        return kernel

    def _cache(self, kernel: Any, folder: Path) -> Any:
        stamp = self._stamp

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
            _locator_classes = cast("list[type[object]]", [Locator])

        class Cache(FunctionCache):  # type: ignore[misc]
            _impl_class = Implementation

        return Cache(kernel.py_func)


class _Listener(event.Listener):  # type: ignore[misc]
    """Passes on the name of every function whose compilation begins."""

    def __init__(self, progress: Callable[[str], None] | None) -> None:
        self._progress = progress

    def on_start(self, event: Any) -> None:
        if self._progress is not None:
            self._progress(event.data["dispatcher"].py_func.__name__)

    def on_end(self, event: Any) -> None:
        """Nothing to tell."""


def _loaded(cache: Any, signature: Any, kernel: Any) -> Any:
    """Return the compiled kernel that a cache has, None without one. A damaged cache is emptied."""
    try:
        return cache.load_overload(signature, kernel.targetctx)
    except Exception:  # whatever unpickling damaged bytes raises, or a folder that cannot be read
        with suppress(OSError):
            cache.flush()
        return None


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True
