"""What processes use of the machine, as Linux tells in /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums over processes. `megabytes` are private memory; mapped files are the system's to drop."""

    processes: int
    threads: int
    files: int
    megabytes: float


def of(*pids: int) -> Usage:
    """Look at processes now. Those that end meanwhile do not count."""
    processes = [found for pid in pids if (found := _of_process(pid))]
    threads, files, megabytes = (sum(column) for column in zip(*processes, strict=True))
    return Usage(len(processes), round(threads), round(files), megabytes)


def _of_process(pid: int) -> tuple[float, float, float] | None:
    folder = Path(f"/proc/{pid}")
    try:
        _, resident, shared, *_ = map(int, (folder / "statm").read_text().split())
        threads, files = (len(list((folder / name).iterdir())) for name in ("task", "fd"))
        return threads, files, (resident - shared) * _PAGE / 1e6
    except (FileNotFoundError, ProcessLookupError):
        return None
