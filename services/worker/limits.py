"""The memory limit of one process."""

from __future__ import annotations

import resource


def limit_memory(limit: int) -> None:
    """Let allocations beyond `limit` bytes fail with MemoryError; 0 is no limit.

    A job that needs too much then fails with a clear error, instead of the kernel killing whatever process
    it likes. Counted are private writable pages (RLIMIT_DATA), not mapped files and libraries. macOS accepts
    the limit and ignores it.
    """
    if limit:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
