"""The dead man's switch: ends a worker that lives but no longer answers.

After trouble with the broker a Celery worker can stay alive, connected and idle, and never take another
ring. No look at processes, ports or connections shows that. What shows it: jobs wait, we ring, the broker
answers, and no child stirs.
"""

from __future__ import annotations

import math

#: Sweeps in a row that must look dead. After the whole machine stood still the first one always does.
SWEEPS_IN_A_ROW = 3


class DeadMan:
    """Judges one worker, sweep by sweep."""

    def __init__(self, patience_seconds: float) -> None:
        """A worker must answer within `patience_seconds`."""
        self._patience = patience_seconds
        self._dead_sweeps = 0

    def is_dead(self, *, waited: float | None, quiet: float, broker_answers: bool) -> bool:
        """Judge after a sweep.

        `waited` is for how many seconds the next job to be claimed has waited (None: no job waits), `quiet`
        for how many no child of this worker has done anything.
        """
        patience = self._patience
        looks_dead = (
            broker_answers and quiet > patience and (-math.inf if waited is None else waited) > patience
        )
        self._dead_sweeps = self._dead_sweeps + 1 if looks_dead else 0
        return self._dead_sweeps >= SWEEPS_IN_A_ROW
