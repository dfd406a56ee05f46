"""Which processes come from which, as Linux tells in /proc."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path


def exists(pid: int) -> bool:
    """Whether the process is there and not only waiting for its parent to notice that it ended."""
    return _state_and_parent(pid)[0] not in ("", "Z", "X")


def is_stopped(pid: int) -> bool:
    return _state_and_parent(pid)[0] == "T"


def children(pid: int) -> list[int]:
    """The living processes that `pid` started, oldest first."""
    return sorted(_by_parent()[pid])


def descendants(pid: int) -> list[int]:
    """Children, their children, and so on."""
    by_parent, found = _by_parent(), [pid]
    for ancestor in found:
        found.extend(sorted(by_parent[ancestor]))
    return found[1:]


def _by_parent() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        state, parent = _state_and_parent(int(folder.name))
        if state not in ("", "Z", "X"):
            found[parent].append(int(folder.name))
    return found


def _state_and_parent(pid: int) -> tuple[str, int]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    # The name, in brackets, may hold anything: what is wanted comes after its last bracket.
    state, parent, *_ = text.rpartition(")")[2].split()
    return state, int(parent)
