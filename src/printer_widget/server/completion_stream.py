"""An answer in the form of OpenAI's Chat Completions: chunk by chunk, or in one piece.

::

    data: {… "choices": [{"delta": {"role": "assistant", "content": ""}, …}]}
    data: {… "choices": [{"delta": {"content": "…"}, …}]}         as often as the model speaks
    data: {… "choices": [{"delta": {}, "finish_reason": "stop"}]}
    data: {… "choices": [], "usage": {…}}                         if asked for, and known
    data: [DONE]

An answer that fails ends with ``data: {"error": …}`` instead of the last three.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, cast

from fastapi.responses import JSONResponse
from starlette.types import Send

from ..batching import join_surrogates
from ..events import FinishReason, StreamEvent, Usage
from .blocks import json_line
from .event_stream import EventStream
from .reader import Reader
from .records import Ending
from .refusals import openai_error
from .run import Run

_CHUNK = "chat.completion.chunk"
_DONE = b"data: [DONE]\n\n"


class CompletionForm:
    """Writes the events of one run as chunks.

    Args:
        completion_id: names the completion.
        model: what answers.
        created: when it was asked, in seconds since 1970.
        tells_usage: whether the number of tokens is told, if the model tells it.
    """

    def __init__(self, completion_id: str, *, model: str, created: int, tells_usage: bool) -> None:
        self._head = {"id": completion_id, "created": created, "model": model}
        self._half = ""
        self._finish_reason = "stop"
        self._tells_usage = tells_usage
        self._read: int | None = None
        self._written: int | None = None

    async def noting(self, events: AsyncIterator[StreamEvent]) -> AsyncIterator[StreamEvent]:
        """Yield the events of the model, and note what the last chunks tell."""
        async with contextlib.aclosing(cast("AsyncGenerator[StreamEvent, None]", events)) as given:
            async for event in given:
                match event:
                    case Usage(read, written):
                        self._read = self._read if read is None else read
                        self._written = self._written if written is None else written
                    case FinishReason("length" | "content_filter" as reason):
                        self._finish_reason = reason
                yield event

    def encode(self, _number: int, event: str, data: Mapping[str, str]) -> bytes:
        """Write an event."""
        match event:
            case "stream_start":
                return self._chunk({"role": "assistant", "content": ""})
            case "message":
                return self._chunk({"content": self._join(data["token"])})
            case "stream_end":
                rest = self._chunk({"content": "\ufffd"}) if self._half else b""
                rest += self._chunk({}, finish_reason=self._finish_reason)
                if self._usage:
                    rest += _block({**self._head, "object": _CHUNK, "choices": [], **self._usage})
                return rest + _DONE
            case _:
                return _block(openai_error(500, data["error"]))

    def whole(self, text: str) -> dict[str, Any]:
        """Return the completion in one piece."""
        message = {"role": "assistant", "content": join_surrogates(text), "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None}
        choice["finish_reason"] = self._finish_reason
        return {**self._head, "object": "chat.completion", "choices": [choice], **self._usage}

    @property
    def _usage(self) -> dict[str, dict[str, int]]:
        read, written = self._read, self._written
        if not self._tells_usage or read is None or written is None:
            return {}
        total = read + written
        return {
            "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": total}
        }

    def _chunk(self, delta: Mapping[str, str], *, finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _block({**self._head, "object": _CHUNK, "choices": [choice]})

    def _join(self, token: str) -> str:
        """Return a token as it can be sent: half a character waits for its other half."""
        text = self._half + token
        self._half = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return join_surrogates(text)


class WholeCompletion(EventStream):
    """Send a run's answer in one piece; a client that goes away before ends it, too."""

    def __init__(self, run: Run, form: CompletionForm) -> None:
        super().__init__(run)
        self._form = form

    async def _send_all(self, reader: Reader, send: Send) -> None:
        async with contextlib.aclosing(reader.chunks()) as chunks:
            async for _ in chunks:
                pass
        match self._run.ending:
            case Ending(status="complete", text=text):
                response = JSONResponse(self._form.whole(text))
            case ending:
                sentence = (ending and ending.error) or "The answer was stopped."
                response = JSONResponse(openai_error(500, sentence), status_code=500)
        status, headers = response.status_code, response.raw_headers
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})


def _block(data: Mapping[str, Any]) -> bytes:
    return b"data: %b\n\n" % json_line(data)
