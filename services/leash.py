"""The leash: a process that ends when the one that started it is gone, however that one died."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence

#: Linux: prctl's option "send me this signal when my parent dies".
_PR_SET_PDEATHSIG = 1

#: Seconds between looks at the parent, where the system cannot tell us.
_WATCH_SECONDS = 0.5

#: Runs "$@" until it ends or the process $parent is gone. For programs that are not ours.
_WATCH_SCRIPT = """
parent=$1; shift
"$@" &
child=$!
trap 'kill $child 2>/dev/null' TERM INT
while kill -0 "$parent" 2>/dev/null && kill -0 $child 2>/dev/null; do sleep 0.5; done
kill $child 2>/dev/null
wait $child
"""


def end_with_parent(parent: int) -> None:
    """Have this process receive SIGTERM when `parent`, the process that started it, is gone.

    On Linux the kernel does it, at once. Elsewhere a thread looks at the parent every half second.
    """
    if sys.platform == "linux":
        arrange_in_child()
    else:
        threading.Thread(target=_watch, args=(parent,), name="leash", daemon=True).start()
    if os.getppid() != parent:  # It died before we could arrange anything.
        os.kill(os.getpid(), signal.SIGTERM)


def arrange_in_child() -> None:
    """Do the same between fork and exec, which keeps the arrangement. Linux only."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def watched(command: Sequence[str]) -> list[str]:
    """Return a command line that runs `command` and ends it when this process is gone; for any POSIX."""
    return ["/bin/sh", "-c", _WATCH_SCRIPT, "leash", str(os.getpid()), *command]


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


if sys.platform == "linux":
    # Looked up now: between fork and exec there is no importing.
    _prctl = ctypes.CDLL(None, use_errno=True).prctl
