"""Anthropic's Messages: ``POST {base_url}/v1/messages`` answers with events that have a type.

=====================================================  =================================
event                                                  becomes
=====================================================  =================================
``message_start {message: {id, model, usage}}``        StreamStart, ModelNamed, Usage
``content_block_start`` of a tool                      ToolCallDelta
``content_block_delta``: ``text_delta``                TextDelta
``content_block_delta``: ``thinking_delta``            ReasoningDelta
``content_block_delta``: ``input_json_delta``          ToolCallDelta
``message_delta {delta: {stop_reason}, usage}``        FinishReason, Usage
``message_stop``                                       StreamEnd
``error {error: {type, message}}``                     StreamError
=====================================================  =================================

``ping`` and what is unknown are ignored, as the protocol asks of its clients.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..conversation import Question
from ..errors import StreamFormatError
from ..events import (
    FinishReason,
    ModelNamed,
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
from .base import RequestSpec, count_in, mapping, parse_object, text_in
from .hosted import Hosted
from .keys import Secret
from .refusals import said_in
from .turns import without_system

ANTHROPIC_URL = "https://api.anthropic.com"
VERSION = "2023-06-01"

OPTIONS = """
container context_management mcp_servers metadata output_config service_tier stop_sequences
temperature thinking tool_choice tools top_k top_p
"""

_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
}


class AnthropicMessages(Hosted):
    """A model behind Anthropic's Messages.

    Args:
        model: its name.
        api_key: the key, or a function that returns it, called for each request; ``""`` sends none.
            Else ``ANTHROPIC_API_KEY``, for Anthropic, ``ANTHROPIC_BASE_URL`` and servers on this
            machine alone; the last need none.
        base_url: what comes before ``/v1/messages``; else ``ANTHROPIC_BASE_URL``, else Anthropic's
            own.
        max_tokens: how long an answer may become; one that is cut says so.
        insecure: allow plain http to another machine.
        options: passed on with each question: temperature, thinking … (see ``OPTIONS``).

    Raises:
        TypeError: for an option that is none.
        ValueError: if the URL or the key cannot be one, or a key is missing.
    """

    home = ANTHROPIC_URL
    url_variable = "ANTHROPIC_BASE_URL"
    key_variable = "ANTHROPIC_API_KEY"
    options = OPTIONS

    def __init__(
        self,
        model: str,
        *,
        api_key: Secret | None = None,
        base_url: str | None = None,
        max_tokens: int = 4096,
        insecure: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(
            model, base_url=base_url, api_key=api_key, insecure=insecure, options=options
        )
        self._max_tokens = max_tokens

    def request(self, question: Question) -> RequestSpec:
        """Return the request that asks ``question``."""
        system, messages = without_system(question.to_messages())
        body: dict[str, Any] = {
            "model": self._model,
            "max_tokens": self._max_tokens,
            "messages": messages,
            "stream": True,
            **self._options,
        }
        if system:
            body["system"] = system
        headers = {"Accept": "text/event-stream", "anthropic-version": VERSION}
        key = self._key.value()
        if key is not None:
            headers["x-api-key"] = key
        url = self._base.removesuffix("/v1") + "/v1/messages"
        return RequestSpec(method="POST", url=url, headers=headers, json=body)

    def decode(self, frame: ServerSentEvent) -> tuple[StreamEvent, ...]:
        """Return the events of one frame; none where it is unknown."""
        if not frame.event.startswith(("message", "content_block", "error")):
            return ()  # a ping, or what later versions may have
        data = parse_object(frame, self.redact)
        # The type is in the data, too, and some servers leave out the event's.
        match data.get("type", frame.event):
            case "message_start":
                return tuple(self._begun(mapping(data.get("message"))))
            case "content_block_start":
                block = mapping(data.get("content_block"))
                return tuple(self._block(block, data, whole=False))
            case "content_block_delta":
                return tuple(self._delta(mapping(data.get("delta")), data))
            case "message_delta":
                return tuple(self._ended(mapping(data.get("delta")), data))
            case "message_stop":
                return (StreamEnd(),)
            case "error":
                return (StreamError(said_in(data, self.redact) or "the server gave no reason"),)
        return ()

    def decode_json(self, body: object) -> tuple[StreamEvent, ...]:
        """Return the events of a whole answer, a ``message``."""
        data = mapping(body)
        if data.get("type") == "error" or "error" in data:
            return (StreamError(said_in(data, self.redact) or "the server gave no reason"),)
        blocks = data.get("content")
        if not isinstance(blocks, list):
            raise StreamFormatError(
                "the server answered with JSON that is no message: is base_url right?"
            )
        events: list[StreamEvent] = [*self._begun(data)]
        for at, block in enumerate(map(mapping, blocks)):
            events += self._block(block, {"index": at}, whole=True)
        return (*events, *self._ended(data, {}), StreamEnd())

    def _begun(self, message: Mapping[str, Any]) -> Iterator[StreamEvent]:
        yield StreamStart(message_id=text_in(message, "id") or None)
        if model := text_in(message, "model"):
            yield ModelNamed(model)
        yield from _usage(message)

    def _block(
        self, block: Mapping[str, Any], at: Mapping[str, Any], *, whole: bool
    ) -> Iterator[StreamEvent]:
        """Return what a block begins with; mostly it is empty, and deltas follow."""
        if thinking := text_in(block, "thinking"):
            yield ReasoningDelta(thinking)
        if text := text_in(block, "text"):
            yield TextDelta(text)
        if block.get("type") in {"tool_use", "server_tool_use", "mcp_tool_use"}:
            given = block.get("input")
            arguments = json.dumps(given, ensure_ascii=False) if given or whole else ""
            call = str(at.get("index"))
            yield ToolCallDelta(call, text_in(block, "name"), arguments, is_whole=whole)

    def _delta(self, delta: Mapping[str, Any], at: Mapping[str, Any]) -> Iterator[StreamEvent]:
        match delta.get("type"):
            case "text_delta":
                yield TextDelta(text_in(delta, "text"))
            case "thinking_delta":
                yield ReasoningDelta(text_in(delta, "thinking"))
            case "input_json_delta":
                call = str(at.get("index"))
                yield ToolCallDelta(call, arguments=text_in(delta, "partial_json"))

    def _ended(self, delta: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[StreamEvent]:
        yield from _usage(data)
        if reason := text_in(delta, "stop_reason"):
            yield FinishReason(_REASONS.get(reason, reason))


def _usage(data: Mapping[str, Any]) -> Iterator[Usage]:
    usage = mapping(data.get("usage"))
    read, written = count_in(usage, "input_tokens"), count_in(usage, "output_tokens")
    if read is not None or written is not None:
        yield Usage(read, written)
