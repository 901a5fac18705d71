"""The names and times of what is said: random and real, or the same in every run."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime

FIXED_TIME = "2000-01-01T00:00:00.000+00:00"
"""What the clock of FixedStamps always says."""


class Stamps:
    """Random names, and the time as it is."""

    def name(self, kind: str) -> str:  # noqa: ARG002
        """Return a name that nothing else has; ``kind`` is what it is for, such as "turn"."""
        return uuid.uuid4().hex

    def time(self) -> str:
        """Return the time: ISO 8601, UTC, with milliseconds."""
        return datetime.now(UTC).isoformat(timespec="milliseconds")


class FixedStamps(Stamps):
    """Names that count, ``turn-1``, ``turn-2`` and so on, and a clock that stands still."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def name(self, kind: str) -> str:
        """Return the next name of its kind."""
        self._counts[kind] += 1
        return f"{kind}-{self._counts[kind]}"

    def time(self) -> str:
        """Return FIXED_TIME."""
        return FIXED_TIME
