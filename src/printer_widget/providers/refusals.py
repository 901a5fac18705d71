"""What servers say when they refuse: one sentence out of whatever body came."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from ..errors import ChatError
from ..sse import EventStreamDecoder
from .base import as_it_is, shorten

LONGEST_QUOTE = 160
LONGEST_SENTENCE = 300

KEY_ADVICE: Mapping[int, str] = {
    401: "the server refused the key",
    402: "the account has no credit left",
    403: "the key is not allowed to do this",
    404: "no such model, or nothing answers at this path",
    413: "the question is too large for the server",
    429: "too many questions for now, or the quota is used up: wait a little and try again",
    529: "the server has too much to do: try again in a while",
}
"""What a status of a model's server is likely to mean."""

_FAILED = "the server failed: try again, and look at its log if it stays"


def said_in(body: object, redact: Callable[[str], str] = as_it_is) -> str:
    """Return what an error body says, cut and redacted; ``""`` where it says nothing."""
    return shorten(_sentence(body) or "", LONGEST_QUOTE, redact=redact)


def refusal(
    status: int,
    body: bytes,
    advice: Mapping[int, str],
    *,
    redact: Callable[[str], str] = as_it_is,
) -> str:
    """Return one sentence on an HTTP error: the status, what it is likely to mean, what was said.

    The body may be JSON of any of the known shapes, or, as of a server that failed when it had
    begun to stream, an event stream whose first event is that. Any other, a page say, is left out.
    """
    said = said_in(_parsed(body), redact)
    known = advice.get(status, _FAILED if status >= 500 else None)
    parts = [f"HTTP {status}"]
    if known:
        parts.append(known)
    if said:
        parts.append(f"it says {said!r}")
    return shorten("; ".join(parts), LONGEST_SENTENCE)


def _parsed(body: bytes) -> object:
    for text in (body, _first_event(body)):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            continue
    return None


def _first_event(body: bytes) -> str:
    try:
        frames = EventStreamDecoder().feed(body)
    except ChatError:
        return ""
    return frames[0].data if frames else ""


def _sentence(body: object, depth: int = 4) -> str | None:
    """Return what an error body says: ``{"error": …}``, FastAPI's ``{"detail": …}``, and others'.

    The sentence may stand in an object or a list, and that in another; no server nests deeper.
    """
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, str):
        return body
    if isinstance(body, Mapping) and depth:
        for key in ("error", "detail", "message", "msg", "errorText"):
            said = _sentence(body.get(key), depth - 1)
            if said:
                return said
    return None
