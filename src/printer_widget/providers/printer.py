"""The Printer protocol: ``POST {url}/api/chat/stream`` answers with five kinds of event.

==================  ===================================  =======================
event               data                                 becomes
==================  ===================================  =======================
stream_start        ``{"status": …, "run_id": …}``      StreamStart
conversation_id     ``{"conversation_id": …}``           ConversationAssigned
message, data       ``{"token": …}``                     TextDelta
stream_end          ``{"message_id": …, "status": …}``   StreamEnd
error               ``{"error": …}``                     StreamError
==================  ===================================  =======================

What is asked beside that, where the backend has it, as the reference one does: the rest of an
answer (``GET …/stream/{run_id}`` with ``Last-Event-ID``, once ``stream_start`` named one and
each event has an id), its end (``POST …/stream/{run_id}/stop``), and the stored messages (``GET
/api/conversations/{id}/messages``).

The body of a request: ``user_message``, ``context_node_ids``, ``project_id``, ``chat_node_id``,
``conversation_id`` once the server gave one, and ``system`` where the chat has a system prompt.
``context_node_ids`` are the names of what the reader attached; its text is in ``user_message``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from ..batching import join_surrogates
from ..conversation import ConversationInfo, Message, Question
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
from .base import Provider, RequestSpec, checked_url, parse_json, shorten
from .refusals import refusal, said_in

DEFAULT_URL = "http://127.0.0.1:8000"

_EVENTS = frozenset({"stream_start", "conversation_id", "message", "data", "stream_end", "error"})

_ADVICE = {
    204: "the server has nothing more of this answer",
    401: "the server refused the token: pass token=, or set PRINTER_AUTH_TOKEN",
    403: "the token is not allowed to do this",
    404: "nothing answers at this path: is this the base URL of a Printer backend?",
    410: "the server no longer has this answer",
    413: "the question is too large for the server",
    429: "too many questions for now: wait a little and try again",
}


class Printer(Provider):
    """A Printer backend.

    Args:
        url: its base URL; else ``PRINTER_API_BASE_URL``, else ``http://127.0.0.1:8000``.
        token: sent as ``Authorization: Bearer``; else ``PRINTER_AUTH_TOKEN``, else none is sent.
        project_id: the reader's project on that backend.
        insecure: allow plain http to another machine.
        idempotent: the backend knows a question by its ``Idempotency-Key``, so that one which may
            have arrived can be sent again.

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
        idempotent: bool = False,
    ) -> None:
        base = url or os.environ.get("PRINTER_API_BASE_URL") or DEFAULT_URL
        self._url = checked_url(
            base, insecure=insecure, parameter="url" if url else "PRINTER_API_BASE_URL"
        )
        self._token = token or os.environ.get("PRINTER_AUTH_TOKEN") or None
        if self._token is not None and not re.fullmatch("[!-~]+", self._token):
            name = "token" if token else "PRINTER_AUTH_TOKEN"
            raise ValueError(
                f"{name} must be printable ASCII without spaces: it is sent in an HTTP header"
            )
        self._project_id = project_id
        self.idempotent = idempotent

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
            "context_node_ids": [
                item.name for item in question.conversation.messages[-1].context if item.name
            ],
            "project_id": self._project_id or question.project_id,
            "chat_node_id": question.chat_node_id,
        }
        if question.conversation.id is not None:
            body["conversation_id"] = question.conversation.id
        if question.system:
            body["system"] = question.system
        return self._spec("POST", "/api/chat/stream", body=body)

    def resume(self, run_id: str, last_event_id: str) -> RequestSpec:
        """Return the request for what follows an event of a run."""
        return self._spec(
            "GET", f"/api/chat/stream/{_segment(run_id)}", last_event_id=last_event_id
        )

    def stop(self, run_id: str) -> RequestSpec:
        """Return the request that ends a run."""
        return self._spec("POST", f"/api/chat/stream/{_segment(run_id)}/stop", body={})

    def history(self, conversation_id: str) -> RequestSpec:
        """Return the request for a conversation's stored messages."""
        return self._spec("GET", _path(conversation_id) + "/messages", accept="application/json")

    def conversations(self, chat_node_id: str) -> RequestSpec:
        """Return the request for the list of a widget's conversations."""
        path = f"/api/conversations?chat_node_id={quote(chat_node_id, safe='')}"
        return self._spec("GET", path, accept="application/json")

    def rename(self, conversation_id: str, title: str) -> RequestSpec:
        """Return the request that gives a conversation another title."""
        return self._spec(
            "PATCH", _path(conversation_id), body={"title": title}, accept="application/json"
        )

    def remove(self, conversation_id: str) -> RequestSpec:
        """Return the request that deletes a conversation."""
        return self._spec("DELETE", _path(conversation_id), accept="application/json")

    def _spec(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        last_event_id: str | None = None,
        accept: str = "text/event-stream",
    ) -> RequestSpec:
        headers = {"Accept": accept}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        return RequestSpec(method=method, url=self._url + path, headers=headers, json=body)

    def decode(self, frame: ServerSentEvent) -> tuple[StreamEvent, ...]:
        """Return the events of one frame; none where it is unknown."""
        if frame.event not in _EVENTS:
            return ()
        data = parse_json(frame.data, where=f"the event {frame.event!r}", redact=self.redact)
        if not isinstance(data, dict):
            raise StreamFormatError(
                f"expected a JSON object in the event {frame.event!r}, "
                f"got {shorten(frame.data, redact=self.redact)!r}"
            )
        match frame.event:
            case "stream_start":
                run_id = _string(data, "run_id", frame.event)
                return (StreamStart(join_surrogates(run_id) if run_id else None),)
            case "conversation_id":
                name = _string(data, "conversation_id", frame.event)
                return (ConversationAssigned(join_surrogates(name)),) if name else ()
            case "stream_end":
                name = _string(data, "message_id", frame.event)
                return (StreamEnd(join_surrogates(name) if name else None),)
            case "error":
                return (StreamError(self._said(data) or "the server gave no reason"),)
            case _:
                token = _string(data, "token", frame.event)
                return (TextDelta(token),) if token else ()

    def decode_json(self, body: object) -> tuple[StreamEvent, ...]:
        """Return the failure that a plain JSON body tells of; a Printer backend has no other."""
        sentence = self._said(body)
        if not sentence:
            raise StreamFormatError(
                "the server answered with plain JSON, expected an event stream "
                "(text/event-stream): is this the base URL of a Printer backend?"
            )
        return (StreamError(sentence),)

    def decode_conversations(self, body: object) -> tuple[ConversationInfo, ...]:
        """Return the conversations of a list."""
        listed = body.get("conversations") if isinstance(body, Mapping) else body
        if not isinstance(listed, list):
            raise StreamFormatError("expected a list of conversations")
        return tuple(_info(entry) for entry in listed)

    def decode_history(self, body: object) -> tuple[Message, ...]:
        """Return the messages of a stored conversation."""
        listed = body.get("messages") if isinstance(body, Mapping) else body
        if not isinstance(listed, list):
            raise StreamFormatError("expected a list of messages in the stored conversation")
        return tuple(_message(entry, self.redact) for entry in listed)

    def decode_error(self, status: int, body: bytes) -> str:
        """Return one sentence on an HTTP error."""
        return refusal(status, body, _ADVICE, redact=self.redact)

    def _said(self, body: object) -> str:
        """Return what an error body says, cut, and without the token where it repeats that."""
        return said_in(body, self.redact)

    def redact(self, text: str) -> str:
        """Return ``text`` without the token, where a server repeats that."""
        return text if self._token is None else text.replace(self._token, "…")


def _message(entry: object, redact: Callable[[str], str]) -> Message:
    data = entry if isinstance(entry, Mapping) else {}
    texts = {key: data.get(key) for key in ("id", "role", "content", "timestamp")}
    status, error = data.get("status", "complete"), data.get("error")
    if (
        not all(isinstance(text, str) for text in texts.values())
        or texts["role"] not in {"user", "assistant", "system"}
        or status not in {"complete", "stopped", "interrupted", "error"}
    ):
        raise StreamFormatError(
            "expected id, role, content and timestamp in a stored message, "
            f"got {shorten(json.dumps(entry, default=str), redact=redact)}"
        )
    conversation_id = data.get("conversation_id")
    return Message(
        **{key: join_surrogates(text) for key, text in texts.items()},  # type: ignore[arg-type]
        conversation_id=conversation_id if isinstance(conversation_id, str) else None,
        status=status,
        error=join_surrogates(error) if isinstance(error, str) else None,
    )


def _segment(name: str) -> str:
    """Return a server's name for something as one segment of a path, and never as a way up it."""
    quoted = quote(name, safe="")
    return quoted.replace(".", "%2E") if quoted in {".", ".."} else quoted


def _path(conversation_id: str) -> str:
    return f"/api/conversations/{_segment(conversation_id)}"


def _info(entry: object) -> ConversationInfo:
    data = entry if isinstance(entry, Mapping) else {}
    name, title, updated_at = (data.get(key) for key in ("id", "title", "updated_at"))
    if not isinstance(name, str) or not name:
        raise StreamFormatError("expected an id in a listed conversation, got none")
    return ConversationInfo(
        id=join_surrogates(name),
        title=join_surrogates(title) if isinstance(title, str) else "",
        updated_at=join_surrogates(updated_at) if isinstance(updated_at, str) else "",
    )


def _string(data: Mapping[str, Any], key: str, event: str) -> str | None:
    value = data.get(key)
    if value is None or isinstance(value, str):
        return value
    raise StreamFormatError(
        f"expected a string as {key!r} of the event {event!r}, got {type(value).__name__}"
    )
