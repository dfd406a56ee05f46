"""The one error of the embedded mode."""

from __future__ import annotations


class CannotServe(Exception):
    """The service cannot run here; the message is one line for the person who started it."""
