"""A worker that writes down, at each fork, how many database connections its main process has open.

`python -m tests.worker.fork_watch FILE`, with the settings in the environment.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.pool import Pool

from services.settings import Settings
from services.worker import main

open_connections = 0


def count(change: int) -> None:
    global open_connections
    open_connections += change


if __name__ == "__main__":
    event.listen(Pool, "connect", lambda *_: count(+1))
    event.listen(Pool, "close", lambda *_: count(-1))
    forks = Path(sys.argv[1]).open("a", buffering=1)  # noqa: SIM115 (until the process ends)
    # Functions to be called before a fork are called in the reverse order: the sweeper's have run then.
    os.register_at_fork(before=lambda: print(open_connections, file=forks))
    sys.exit(main.run(Settings.from_environment(os.environ)))
