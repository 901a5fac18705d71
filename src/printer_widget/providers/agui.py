"""AG-UI, the protocol between agents and user interfaces: an agent's own endpoint.

``POST {url}`` with a ``RunAgentInput`` answers with data-only events, each an object with a type:

=============================================================  =============================
event                                                          becomes
=============================================================  =============================
``RUN_STARTED {threadId, runId}``                              StreamStart, and its thread is
                                                               the conversation
``TEXT_MESSAGE_CONTENT``, ``TEXT_MESSAGE_CHUNK {delta}``       TextDelta
``REASONING_MESSAGE_CONTENT``, ``…_CHUNK {delta}``             ReasoningDelta
``TOOL_CALL_START``, ``…_ARGS``, ``…_CHUNK``                   ToolCallDelta
``RUN_FINISHED {outcome}``                                     FinishReason, StreamEnd
``RUN_ERROR {message, code}``                                  StreamError
=============================================================  =============================

The names that reasoning had before version 1.0 (``THINKING_…``) are understood, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..batching import join_surrogates
from ..conversation import Question, with_context
from ..errors import StreamFormatError
from ..events import (
    ConversationAssigned,
    FinishReason,
    ReasoningDelta,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamStart,
    TextDelta,
    ToolCallDelta,
)
from ..sse import ServerSentEvent
from .app import App
from .base import RequestSpec, mapping, parse_object, text_in
from .keys import Secret
from .refusals import said_in


class AGUI(App):
    """An agent that speaks AG-UI.

    Args:
        url: its endpoint.
        token: sent as ``Authorization: Bearer``; text, or a function called for each request.
        headers: more headers, or a function that returns them for each request.
        forwarded_props: ``forwardedProps`` of each request, as the agent wants them.
        insecure: allow plain http to another machine.

    Raises:
        ValueError: if the URL, the token or the headers cannot be such.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Secret | None = None,
        headers: Mapping[str, str] | Callable[[], Mapping[str, str]] | None = None,
        forwarded_props: Mapping[str, Any] | None = None,
        insecure: bool = False,
    ) -> None:
        super().__init__(url, token=token, headers=headers, insecure=insecure)
        self._props = dict(forwarded_props or {})

    def request(self, question: Question) -> RequestSpec:
        """Return the request that asks ``question``."""
        told = question.told()
        messages = [{"id": m.id, "role": m.role, "content": with_context(m)} for m in told]
        if question.system:
            messages.insert(0, {"id": "system", "role": "system", "content": question.system})
        return self.post(
            {
                "threadId": question.thread_id,
                "runId": question.run_id or told[-1].id,
                "messages": messages,
                "tools": [],
                "context": [],
                "state": {},
                "forwardedProps": self._props,
            }
        )

    def decode(self, frame: ServerSentEvent) -> tuple[StreamEvent, ...]:
        """Return the events of one frame; none where it is unknown."""
        data = parse_object(frame, self.redact)
        match data.get("type"):
            case "RUN_STARTED":
                thread = join_surrogates(text_in(data, "threadId"))
                return (StreamStart(), *([ConversationAssigned(thread)] if thread else []))
            case "TEXT_MESSAGE_CONTENT" | "TEXT_MESSAGE_CHUNK":
                # Only a chunk says whose words it brings: an agent may repeat the reader's.
                is_answer = data.get("role") in {None, "assistant"}
                return (TextDelta(text_in(data, "delta")),) if is_answer else ()
            case (
                "REASONING_MESSAGE_CONTENT"
                | "REASONING_MESSAGE_CHUNK"
                | "THINKING_TEXT_MESSAGE_CONTENT"
            ):
                return (ReasoningDelta(text_in(data, "delta")),)
            case "TOOL_CALL_START" | "TOOL_CALL_ARGS" | "TOOL_CALL_CHUNK":
                name = text_in(data, "toolCallName")
                return (ToolCallDelta(text_in(data, "toolCallId"), name, text_in(data, "delta")),)
            case "RUN_FINISHED":
                outcome = mapping(data.get("outcome")).get("type", data.get("outcome"))
                reason = "stop" if outcome in {None, "success"} else str(outcome)
                return (FinishReason(reason), StreamEnd())
            case "RUN_ERROR":
                return (StreamError(said_in(data, self.redact) or "the server gave no reason"),)
        return ()

    def decode_json(self, body: object) -> tuple[StreamEvent, ...]:
        """Return the failure that a plain JSON body tells of."""
        said = said_in(body, self.redact)
        if said:
            return (StreamError(said),)
        raise StreamFormatError(
            "the server answered with plain JSON, expected AG-UI's events (text/event-stream): "
            "is this the URL of the agent's endpoint?"
        )
