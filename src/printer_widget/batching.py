"""Many tokens a second to one piece of text every 16 ms; the clock is the caller's.

The first token after a pause is due at once; what follows is due at a fixed deadline, 16 ms
after the last flush. It is no debounce: a later token never moves the deadline, so a stream
faster than the interval shows up every interval.

A piece never ends in half a character: a trailing high surrogate (a JSON string may be cut
there) waits for its other half. A half that stays alone becomes U+FFFD (Unicode §3.9, D93b),
as no UTF-8 message could carry it.
"""

from __future__ import annotations

INTERVAL_S = 0.016
"""The shortest time between two flushes, in seconds: one frame at 60 Hz."""


def join_surrogates(text: str) -> str:
    """Return ``text`` with surrogate pairs joined and lone surrogates as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class Batcher:
    """Collect text and say when it is due."""

    def __init__(self, *, interval_s: float = INTERVAL_S) -> None:
        self.interval_s = interval_s
        self._pieces: list[str] = []
        self._half = ""
        self._flushed_at = float("-inf")
        self._due: float | None = None

    def add(self, text: str, now: float) -> None:
        """Take ``text`` that arrived at ``now`` (seconds on any monotonic clock)."""
        if not text:
            return
        self._pieces.append(text)
        if self._due is None:
            self._due = max(now, self._flushed_at + self.interval_s)

    @property
    def due(self) -> float | None:
        """When to flush, on the clock of :meth:`add`; None while nothing waits."""
        return self._due

    def flush(self, now: float, *, final: bool = False) -> str:
        """Return what was collected; ``final`` releases a half character as U+FFFD too."""
        text = self._half + "".join(self._pieces)
        self._pieces.clear()
        self._half, self._due, self._flushed_at = "", None, now
        if not final and text and "\ud800" <= text[-1] <= "\udbff":
            self._half, text = text[-1], text[:-1]
        return join_surrogates(text)
