"""Where the supervisor's own processes begin: `python -m services.embedded.child api|worker PARENT`."""

from __future__ import annotations

import logging
import os
import sys

from services import leash, logs
from services.settings import Settings


def main(role: str, parent: str) -> int:
    """Be the API or the worker, for as long as the process `parent` lives."""
    leash.end_with_parent(int(parent))
    settings = Settings.from_environment(os.environ)
    logs.setup(settings.log_format, level=settings.log_level)
    # Each imports what it needs and no more: the two share little.
    if role == "api":
        from services.api.server import run
    else:
        from services.worker.main import run
    return run(settings) or 0


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    logging.shutdown()
    # Everything is stored and closed. Taking the interpreter apart would add most of a second to each end.
    os._exit(code)
