"""The leash: a process that ends when the one that started it is gone, however that one died."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

#: Linux: prctl's option "send me this signal when my parent dies".
_PR_SET_PDEATHSIG = 1

#: Seconds between looks at the parent, where the system cannot tell us.
_WATCH_SECONDS = 0.5


def end_with_parent(parent: int, *, signal_number: int = signal.SIGTERM) -> None:
    """Have this process receive `signal_number` when the process `parent`, which started it, is gone.

    On Linux the kernel does it, at once. Elsewhere a thread looks at the parent every half second.
    """
    if sys.platform == "linux":
        arrange_in_child(signal_number)
    else:
        threading.Thread(target=_watch, args=(parent, signal_number), name="leash", daemon=True).start()
    if os.getppid() != parent:  # It died before we could arrange anything.
        os.kill(os.getpid(), signal_number)


def arrange_in_child(signal_number: int = signal.SIGKILL) -> None:
    """Linux only: the same, callable between fork and exec, which keeps the arrangement."""
    _prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)


def _watch(parent: int, signal_number: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os.kill(os.getpid(), signal_number)


if sys.platform == "linux":
    # Looked up now: between fork and exec there is no importing and no memory to allocate.
    _prctl = ctypes.CDLL(None, use_errno=True).prctl
