"""The UI message stream of Vercel's AI SDK, version 1: a chat application's own endpoint.

``POST {url}`` with the messages answers with data-only events, each a JSON object with a type:

==========================================================  ===========================
event                                                       becomes
==========================================================  ===========================
``start {messageId}``                                       StreamStart
``text-delta {id, delta}``                                  TextDelta
``reasoning-delta {id, delta}``                             ReasoningDelta
``tool-input-start``, ``-delta``, ``-available``            ToolCallDelta
``finish {finishReason, messageMetadata: {totalUsage}}``    FinishReason, the end; Usage
``error {errorText}``, ``abort {reason}``                   StreamError, whatever follows it
``[DONE]`` in place of an object                            StreamEnd; not all send it
==========================================================  ===========================
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..conversation import Message, Question, with_context
from ..errors import StreamFormatError
from ..events import (
    FinishReason,
    ReasoningDelta,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamStart,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from ..sse import ServerSentEvent
from .app import App
from .base import RequestSpec, count_in, mapping, parse_object, text_in
from .keys import Secret
from .refusals import said_in

_REASONS = {"content-filter": "content_filter", "tool-calls": "tool_calls", "unknown": "stop"}


class VercelUI(App):
    """An application that answers with the AI SDK's UI message stream.

    Args:
        url: its endpoint, such as ``https://app.example/api/chat``.
        token: sent as ``Authorization: Bearer``; text, or a function called for each request.
        headers: more headers, or a function that returns them for each request.
        body: more fields of the request, as the application wants them.
        insecure: allow plain http to another machine.

    Raises:
        ValueError: if the URL, the token or the headers cannot be such.
    """

    ends_at_finish = True

    def __init__(
        self,
        url: str,
        *,
        token: Secret | None = None,
        headers: Mapping[str, str] | Callable[[], Mapping[str, str]] | None = None,
        body: Mapping[str, Any] | None = None,
        insecure: bool = False,
    ) -> None:
        super().__init__(url, token=token, headers=headers, insecure=insecure)
        self._body = dict(body or {})

    def request(self, question: Question) -> RequestSpec:
        """Return the request that asks ``question``."""
        messages = [_ui_message(message) for message in question.told()]
        if question.system:
            told = {"id": "system", "role": "system", "parts": _parts(question.system)}
            messages.insert(0, told)
        body = {"id": question.thread_id, "messages": messages, "trigger": "submit-message"}
        return self.post({**self._body, **body})

    def decode(self, frame: ServerSentEvent) -> tuple[StreamEvent, ...]:
        """Return the events of one frame; none where it is unknown."""
        if frame.data.strip() == "[DONE]":
            return (StreamEnd(),)
        data = parse_object(frame, self.redact)
        match data.get("type"):
            case "start":
                return (StreamStart(message_id=text_in(data, "messageId") or None),)
            case "text-delta":
                return (TextDelta(text_in(data, "delta")),)
            case "reasoning-delta":
                return (ReasoningDelta(text_in(data, "delta")),)
            case "tool-input-start" | "tool-input-delta" | "tool-input-available":
                return (_tool_call(data),)
            case "finish":
                return tuple(self._finished(data))
            case "error":
                return (StreamError(said_in(data, self.redact) or "the server gave no reason"),)
            case "abort":
                said = said_in(data.get("reason"), self.redact)
                return (StreamError(f"the server stopped the answer{said and ': ' + said}"),)
        return ()

    def _finished(self, data: Mapping[str, Any]) -> Iterator[StreamEvent]:
        reason = text_in(data, "finishReason") or "stop"
        if reason == "error":
            yield StreamError("the server says that the answer failed, and gave no reason")
            return
        usage = mapping(mapping(data.get("messageMetadata")).get("totalUsage"))
        read, written = count_in(usage, "inputTokens"), count_in(usage, "outputTokens")
        if read is not None or written is not None:
            yield Usage(read, written)
        yield FinishReason(_REASONS.get(reason, reason))

    def decode_json(self, body: object) -> tuple[StreamEvent, ...]:
        """Return the failure that a plain JSON body tells of."""
        said = said_in(body, self.redact)
        if said:
            return (StreamError(said),)
        raise StreamFormatError(
            "the server answered with plain JSON, expected a UI message stream "
            "(text/event-stream): is this the URL of the chat's endpoint?"
        )


def _ui_message(message: Message) -> dict[str, Any]:
    return {"id": message.id, "role": message.role, "parts": _parts(with_context(message))}


def _parts(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


def _tool_call(data: Mapping[str, Any]) -> ToolCallDelta:
    is_whole = data.get("type") == "tool-input-available"
    arguments = text_in(data, "inputTextDelta")
    if is_whole:
        arguments = json.dumps(data.get("input"), ensure_ascii=False)
    call, name = text_in(data, "toolCallId"), text_in(data, "toolName")
    return ToolCallDelta(call, name, arguments, is_whole=is_whole)
