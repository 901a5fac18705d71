"""The Printer protocol: ``POST {url}/api/chat/stream`` answers with five kinds of event.

==================  ===================================  =======================
event               data                                 becomes
==================  ===================================  =======================
stream_start        ``{"status": "streaming"}``          StreamStart
conversation_id     ``{"conversation_id": …}``           ConversationAssigned
message, data       ``{"token": …}``                     TextDelta
stream_end          ``{"message_id": …, "status": …}``   StreamEnd
error               ``{"error": …}``                     StreamError
==================  ===================================  =======================

The body of a request: ``user_message``, ``context_node_ids``, ``project_id``, ``chat_node_id``,
``conversation_id`` once the server gave one, and ``system`` where the chat has a system prompt.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from ..conversation import Question
from ..errors import StreamFormatError
from ..events import (
    ConversationAssigned,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamStart,
    TextDelta,
)
from ..sse import ServerSentEvent
from .base import RequestSpec, checked_url, parse_json, shorten

DEFAULT_URL = "http://127.0.0.1:8000"

_EVENTS = frozenset({"stream_start", "conversation_id", "message", "data", "stream_end", "error"})

_ADVICE = {
    401: "the server refused the token: pass token=, or set PRINTER_AUTH_TOKEN",
    403: "the token is not allowed to do this",
    404: "nothing answers at this path: is this the base URL of a Printer backend?",
    413: "the question is too large for the server",
    429: "too many questions for now: wait a little and try again",
}


class Printer:
    """A Printer backend.

    Args:
        url: its base URL; else ``PRINTER_API_BASE_URL``, else ``http://127.0.0.1:8000``.
        token: sent as ``Authorization: Bearer``; else ``PRINTER_AUTH_TOKEN``, else none is sent.
        project_id: the reader's project on that backend.
        insecure: allow plain http to another machine.

    Raises:
        ValueError: if the URL or the token cannot be one.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        token: str | None = None,
        project_id: str | None = None,
        insecure: bool = False,
    ) -> None:
        base = url or os.environ.get("PRINTER_API_BASE_URL") or DEFAULT_URL
        self._url = checked_url(base, insecure=insecure)
        self._token = token or os.environ.get("PRINTER_AUTH_TOKEN") or None
        if self._token is not None and not (self._token.isascii() and self._token.isprintable()):
            raise ValueError("token must be printable ASCII: it is sent in an HTTP header")
        self._project_id = project_id

    def __repr__(self) -> str:
        """Return the address alone."""
        return f"Printer({self._url!r})"

    @property
    def url(self) -> str:
        """The base URL."""
        return self._url

    def request(self, question: Question) -> RequestSpec:
        """Return the request that asks ``question``."""
        body: dict[str, Any] = {
            "user_message": question.prompt,
            "context_node_ids": [],
            "project_id": self._project_id or question.project_id,
            "chat_node_id": question.chat_node_id,
        }
        if question.conversation.id is not None:
            body["conversation_id"] = question.conversation.id
        if question.system:
            body["system"] = question.system
        headers = {"Accept": "text/event-stream"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        return RequestSpec(
            method="POST", url=f"{self._url}/api/chat/stream", headers=headers, json=body
        )

    def decode(self, frame: ServerSentEvent) -> tuple[StreamEvent, ...]:
        """Return the events of one frame; none where it is unknown."""
        if frame.event not in _EVENTS:
            return ()
        data = parse_json(frame.data, where=f"the event {frame.event!r}")
        if not isinstance(data, dict):
            raise StreamFormatError(
                f"expected a JSON object in the event {frame.event!r}, got {shorten(frame.data)!r}"
            )
        match frame.event:
            case "stream_start":
                return (StreamStart(),)
            case "conversation_id":
                name = _string(data, "conversation_id", frame.event)
                return (ConversationAssigned(name),) if name else ()
            case "stream_end":
                return (StreamEnd(_string(data, "message_id", frame.event) or None),)
            case "error":
                return (StreamError(_sentence(data) or "the server gave no reason"),)
            case _:
                token = _string(data, "token", frame.event)
                return (TextDelta(token),) if token else ()

    def decode_json(self, body: object) -> tuple[StreamEvent, ...]:
        """Return the failure that a plain JSON body tells of; a Printer backend has no other."""
        sentence = _sentence(body)
        if sentence is None:
            raise StreamFormatError(
                "the server answered with plain JSON, expected an event stream "
                "(text/event-stream): is this the base URL of a Printer backend?"
            )
        return (StreamError(sentence),)

    def decode_error(self, status: int, body: bytes) -> str:
        """Return one sentence on an HTTP error."""
        try:
            said = _sentence(json.loads(body))
        except (ValueError, RecursionError):
            said = None
        advice = _ADVICE.get(status)
        if advice is None and status >= 500:
            advice = "the server failed: try again, and look at its log if it stays"
        parts = [f"HTTP {status}"]
        if advice:
            parts.append(advice)
        if said:
            parts.append(f"it says {shorten(said, 160)!r}")
        return "; ".join(parts)


def _string(data: Mapping[str, Any], key: str, event: str) -> str | None:
    value = data.get(key)
    if value is None or isinstance(value, str):
        return value
    raise StreamFormatError(
        f"expected a string as {key!r} of the event {event!r}, got {type(value).__name__}"
    )


def _sentence(body: object) -> str | None:
    """Return what an error body says: ``{"error": …}``, or FastAPI's ``{"detail": …}``."""
    if not isinstance(body, Mapping):
        return None
    said = body.get("error") or body.get("detail") or body.get("message")
    if isinstance(said, list) and said:
        said = said[0]
    if isinstance(said, Mapping):
        said = said.get("message") or said.get("msg")
    return said if isinstance(said, str) and said else None
