"""The command line. Each command imports what it needs when it runs, so that the small ones start at once."""

from __future__ import annotations

from gradqueue.cli.main import main

__all__ = ["main"]
