"""What the processes of a part use of the machine, as Linux tells in /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.parts.part import Part

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums over all processes of a part. `megabytes` are those in memory, shared ones counted for each."""

    processes: int
    threads: int
    files: int
    megabytes: float


def of(part: Part) -> Usage:
    """Look now. Processes that end meanwhile do not count."""
    processes = [found for pid in part.processes() if (found := _of_process(pid))]
    columns = zip(*processes, strict=True)
    threads, files, megabytes = (sum(column) for column in columns)
    return Usage(len(processes), round(threads), round(files), megabytes)


def _of_process(pid: int) -> tuple[float, float, float] | None:
    folder = Path(f"/proc/{pid}")
    try:
        pages = int((folder / "statm").read_text().split()[1])
        return (
            len(list((folder / "task").iterdir())),
            len(list((folder / "fd").iterdir())),
            pages * _PAGE / 1e6,
        )
    except (FileNotFoundError, ProcessLookupError):
        return None
