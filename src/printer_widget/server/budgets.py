"""How many questions a user may ask in a minute."""

from __future__ import annotations

import math
from collections import deque

from .limits import LimitReachedError

_MINUTE_S = 60.0


class QuestionBudget:
    """Count the questions of the last 60 s, for each user; the clock is the caller's."""

    def __init__(self, per_minute: int | None) -> None:
        self._per_minute = per_minute
        self._asked: dict[str, deque[float]] = {}

    def take(self, owner: str, now: float) -> None:
        """Count a question at ``now`` (seconds on any monotonic clock).

        Raises LimitReachedError if there were too many before; this one does not count then.
        """
        if self._per_minute is None:
            return
        asked = self._asked.setdefault(owner, deque())
        while asked and asked[0] <= now - _MINUTE_S:
            asked.popleft()
        if len(asked) >= self._per_minute:
            wait_s = math.ceil(asked[0] + _MINUTE_S - now)
            raise LimitReachedError(
                f"You may ask {self._per_minute} questions a minute. Ask again in {wait_s} s.",
                status=429,
                retry_after_s=wait_s,
            )
        asked.append(now)
