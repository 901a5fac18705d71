"""When to try a request again, and after how long: pure rules, the clock and the dice are given.

Before an answer's first event, what never reached the server, or was turned away for now, is tried
three times in all, with exponential back-off and full jitter, up to eight seconds. A server that
names a time (``retry-after-ms``, else ``Retry-After``, RFC 9110 §10.2.3) is obeyed up to a minute.
After the first event a question is never asked again; a stream is resumed where it can be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
"""The HTTP statuses that may pass by themselves."""

MAX_ATTEMPTS = 3
"""How often a question is sent, in all."""

MAX_RESUMES = 5
"""How often a stream is resumed without any progress between."""

LONGEST_WAIT_S = 60.0
"""The longest wait that a server may ask for before it is an error, in seconds."""

LONGEST_RETRY_MS = 30_000
"""The longest reconnection time that a stream may ask for, in ms."""

_BASE_S = 0.5
_CAP_S = 8.0
_EVER_S = 1e9  # what a number of any length comes to: some thirty years


def backoff_s(attempt: int, dice: float) -> float:
    """Return how long to wait after the ``attempt``-th failure (from 1), in seconds.

    ``dice`` is uniform in [0, 1): full jitter keeps clients that failed together apart.
    """
    return dice * min(_CAP_S, _BASE_S * 2.0 ** min(attempt - 1, 10))


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the wait that a server asks for, in seconds; None where it names none.

    Args:
        headers: of the response; names in lower case, or a case-insensitive mapping.
        now: an aware time, for a Retry-After that is a date.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or value is None:
        return seconds
    try:
        date = parsedate_to_datetime(value)
        # A form of HTTP's dates has no zone, and is in GMT all the same (RFC 9110 §5.6.7).
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, (date - now).total_seconds())
    except (TypeError, ValueError, OverflowError):  # no date
        return None


def _number(value: str | None) -> float | None:
    # float() alone would take "nan", "inf", "1_0", "-5" and digits of other scripts as well.
    found = re.fullmatch(r"\s*([0-9]+(\.[0-9]+)?)\s*", value or "")
    return min(float(found[1]), _EVER_S) if found else None
