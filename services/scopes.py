"""What an API key is good for."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """Each key has exactly one. No key does what the command line does: make and revoke keys."""

    #: Everything under `/v1`, and there only the objects of the key's owner.
    JOBS = "jobs"
    #: `/metrics`, which adds up the jobs of all owners, and nothing else.
    METRICS = "metrics"
