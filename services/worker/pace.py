"""How much work one call of the trainer is given, so that it comes back soon enough."""

from __future__ import annotations

#: Seconds that a call should last. Short enough to notice a stop or a lost job at once, long enough that
#: the time between calls does not count.
CALL_SECONDS = 0.06

#: Multiply-adds of the first call: about CALL_SECONDS of the slowest trainer, the reference.
FIRST_WORK = 50_000

#: At most this many times the work of the call before: one call that was lucky says little about the next.
LARGEST_GROWTH = 8.0


class Pace:
    """Learns from each call how much work fits in CALL_SECONDS. `work` is for the next call."""

    def __init__(self) -> None:
        self.work = FIRST_WORK

    def took(self, seconds: float) -> None:
        """Learn that the last call, with `work`, lasted so long."""
        growth = LARGEST_GROWTH if seconds <= 0.0 else min(CALL_SECONDS / seconds, LARGEST_GROWTH)
        self.work = max(1, int(self.work * growth))
