"""How many commands a browser may send: the clock comes in as an argument."""

from __future__ import annotations


class RateLimit:
    """A token bucket: ``burst`` commands at once, ``per_second`` of them in the long run."""

    def __init__(self, *, per_second: float = 50.0, burst: float = 100.0) -> None:
        self._per_second = per_second
        self._burst = self._left = burst
        self._at: float | None = None

    def allows(self, now: float) -> bool:
        """Take one command at ``now`` (seconds); False where it is one too many."""
        if self._at is not None:
            self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
