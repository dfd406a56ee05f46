"""Kernels are compiled once, kept on disk, and compiled again only when they must be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import njit, types

from engine.kernels.store import Store

SIGNATURE = types.int64(types.int64)


@njit
def _twice(x):  # type: ignore[no-untyped-def]
    return 2 * x


def kernel(x):  # type: ignore[no-untyped-def]
    return _twice(x) + 1


def reading(rows):  # type: ignore[no-untyped-def]
    total = 0.0
    for row in rows:
        total += row[0]
    return total


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file that the kernel is said to be made from."""
    path = tmp_path / "source.py"
    path.write_text("first")
    return path


def compiled(*folders: Path, source: Path) -> list[str]:
    """Get the kernel, see that it works, and return the names of what was compiled for it."""
    names: list[str] = []
    ready: Any = Store(folders, [source]).get(kernel, SIGNATURE, names.append)
    assert ready(20) == 41
    return names


def test_a_kernel_is_compiled_once_and_then_loaded(tmp_path: Path, source: Path) -> None:
    first = compiled(tmp_path / "cache", source=source)

    assert first[0] == "kernel", "who waits is told what for"
    assert compiled(tmp_path / "cache", source=source) == []


def test_a_change_of_any_source_compiles_it_again(tmp_path: Path, source: Path) -> None:
    """Numba's own cache looks at the kernel's file only, not at those of the functions it calls."""
    compiled(tmp_path / "cache", source=source)
    source.write_text("second")

    assert "kernel" in compiled(tmp_path / "cache", source=source)


def test_where_nothing_can_be_written_it_is_kept_in_the_next_folder(tmp_path: Path, source: Path) -> None:
    """An installation may be read-only: that of a package manager, or a container's."""
    in_a_file = source / "cache"

    assert "kernel" in compiled(in_a_file, tmp_path / "fallback", source=source)
    assert compiled(in_a_file, tmp_path / "fallback", source=source) == []
    assert list((tmp_path / "fallback").glob("*.nbi"))


def test_a_read_only_folder_that_has_it_is_enough(tmp_path: Path, source: Path) -> None:
    """As in the image, where the build has compiled and the service may not write."""
    cache = tmp_path / "cache"
    compiled(cache, source=source)
    for path in (*cache.iterdir(), cache):
        path.chmod(path.stat().st_mode & ~0o222)

    assert compiled(cache, tmp_path / "fallback", source=source) == []
    assert not (tmp_path / "fallback").exists()


def test_without_any_folder_it_is_compiled_for_this_process(source: Path) -> None:
    assert "kernel" in compiled(source / "cache", source=source)
    assert "kernel" in compiled(source=source)


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
@pytest.mark.parametrize("damage", [b"", b"damaged", None], ids=["emptied", "overwritten", "cut"])
def test_a_damaged_file_is_as_good_as_none(
    tmp_path: Path, source: Path, suffix: str, damage: bytes | None
) -> None:
    """A machine that lost its power while it wrote must not fail at every start from then on."""
    cache = tmp_path / "cache"
    compiled(cache, source=source)
    (damaged,) = cache.glob(f"*{suffix}")
    damaged.write_bytes(damaged.read_bytes()[:-20] if damage is None else damage)

    assert "kernel" in compiled(cache, source=source)
    assert compiled(cache, source=source) == []


def test_a_kernel_counts_no_references(tmp_path: Path, source: Path) -> None:
    """Each count is an atomic instruction; they were half of the time of small networks."""
    signature = types.float64(types.float64[:, ::1])

    ready = Store([tmp_path], [source]).get(reading, signature)

    assert "NRT_decref" in njit(signature)(reading).inspect_llvm(signature.args), "Numba would"
    assert "NRT_" not in ready.inspect_llvm(signature.args)
    assert ready(np.ones((3, 2))) == 3.0
