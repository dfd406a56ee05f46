"""A worker that writes down what Numba compiles in the processes that train.

`python -m tests.worker.compile_watch FILE`, with the settings in the environment.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from numba.core import event

from services.settings import Settings
from services.worker import main


class Watch(event.Listener):  # type: ignore[misc]
    """Writes a line for everything compiled in another process than the first."""

    def __init__(self, path: Path) -> None:
        self._first = os.getpid()
        self._lines = path.open("a", buffering=1)

    def on_start(self, event: Any) -> None:
        if os.getpid() != self._first:
            print(event.data["dispatcher"], file=self._lines)

    def on_end(self, event: Any) -> None:
        pass


if __name__ == "__main__":
    event.register("numba:compile", Watch(Path(sys.argv[1])))
    sys.exit(main.run(Settings.from_environment(os.environ)))
