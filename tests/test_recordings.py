"""What real servers sent, recorded, as a chat shows it: whole, and however it is cut."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from chats import nothing_left_behind
from printer_widget import (
    ChatError,
    ChatNode,
    FinishReason,
    ModelNamed,
    StreamEnd,
    TextDelta,
    Usage,
    stream_chat,
)
from printer_widget.sources import HttpSource
from protocols import RECORDINGS, provider_of, recorded, replaying
from servers import no_wait, serve_in_thread

LITELLM = "Hello from **LiteLLM**. Here is some math $x^2$ and an emoji 🎉 and 中文 text to stream."
TINY = "\ufffdHld 🎉 🎉 🎉 🎉 🎉ickld 🎉 🎉ickld 🎉ick"
CUT = "The answer was cut short: the model came to its limit of tokens."


def usage(read: int, written: int) -> dict[str, int]:
    return {"input_tokens": read, "output_tokens": written}


@dataclass(frozen=True)
class Row:
    """How a recording ends, and what a message then holds."""

    status: str
    text: str
    says: str | None = None
    more: dict[str, Any] = field(default_factory=dict)
    questions: int = 1


ROWS = {
    "litellm-chat": Row("complete", LITELLM, None, {"model": "mock", "usage": usage(8, 30)}),
    "litellm-anthropic": Row(
        "complete", LITELLM, None, {"model": "mock", "usage": usage(2095, 503)}
    ),
    "litellm-tinyv-anthropic": Row(
        "complete", TINY, None, {"model": "tinyv", "usage": usage(4, 16), "note": CUT}
    ),
    "litellm-404model": Row("error", "", "HTTP 400; it says '/chat/completions: Invalid model"),
    "litellm-429": Row("error", "", 'it says "litellm.RateLimitError: this is a mock', questions=3),
    "litellm-dead-chat": Row("error", "", "OpenAIException - Connection error.", questions=3),
    "litellm-responses": Row("error", "", "it says 'Error processing stream start'", questions=3),
    "llama-chat": Row(
        "complete", "\x13ick $stler\x15do 中\t\x02\x15", None, {"model": "x", "note": CUT}
    ),
    "llama-toolong": Row("interrupted", "", "without a word; is the conversation too long for"),
    "tf-chat": Row(
        "complete",
        TINY + "ld 🎉ickld 🎉ickld 🎉",
        None,
        {"model": "./tiny-hf@main", "usage": usage(4, 24), "note": CUT},
    ),
    "tf-422": Row("error", "", "HTTP 422; it says \"Unexpected fields in the request: {'bogus'}\""),
    # The protocol of Responses: nothing in it is a chat completion, and it is no crash.
    "tf-responses": Row("interrupted", "", "the stream ended before the answer was complete"),
    "vercel-ok": Row(
        "complete",
        "Hello from the **Vercel AI SDK** with 🎉 and 中文 text.",
        None,
        {"usage": usage(3, 10)},
    ),
    "vercel-error": Row("error", "Hello from the **Vercel ", "Rate limit exceeded"),
    "pyd-vercel-hi": Row("complete", "Hello from **pydantic-ai** 🎉 中文 streaming. "),
    "pyd-vercel-fail": Row("error", "Hello from ", "upstream exploded"),
    "pyd-agui-hi": Row("complete", "Hello from **pydantic-ai** 🎉 中文 streaming. "),
    "pyd-agui-fail": Row("error", "Hello from ", "upstream exploded"),
    "pyd-agui-422": Row("error", "", "it says 'Field required'"),
}
FACTS = ("model", "usage", "note", "reasoning", "tools")


def test_every_recording_has_a_row() -> None:
    assert sorted(ROWS) == sorted(path.stem for path in RECORDINGS.glob("*.sse"))


@pytest.mark.parametrize("size", [None, 1, 7], ids=["whole", "by the byte", "by seven bytes"])
@pytest.mark.parametrize("name", ROWS)
def test_a_recording_is_shown_as_it_was_meant(name: str, size: int | None) -> None:
    row = ROWS[name]
    with nothing_left_behind(), serve_in_thread(replaying(name, size=size)) as server:
        chat = ChatNode(HttpSource(provider_of(name, server.url), wait=no_wait))
        turn = chat.send("Hi")
        try:
            reply = turn.result(20)
        except ChatError as error:
            reply = error.reply
        chat.close()
    assert (reply.status, reply.content) == (row.status, row.text)
    assert (row.says or "") in (reply.error or "")
    assert (reply.error is None) == (row.says is None)
    assert {name: value for name, value in reply.to_dict().items() if name in FACTS} == row.more
    assert len(server.requests) == row.questions


class Chunks(httpx.AsyncBaseTransport):
    """Answers with a recording, its body cut at the given places."""

    def __init__(self, name: str, cuts: list[int]) -> None:
        head, self.body = recorded(name)
        first, *lines = head.decode().strip().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = [tuple(line.split(": ", 1)) for line in lines]
        self.cuts = [0, *sorted(cuts), len(self.body)]

    async def handle_async_request(self, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(self.status, headers=self.headers, content=self._chunks())

    async def _chunks(self) -> AsyncIterator[bytes]:
        for start, end in zip(self.cuts, self.cuts[1:], strict=False):
            yield self.body[start:end]


async def events_of(name: str, cuts: list[int]) -> tuple[list, str]:
    source = HttpSource(
        provider_of(name, "http://127.0.0.1:1"), transport=Chunks(name, cuts), wait=no_wait
    )
    events: list = []
    try:
        async for event in stream_chat(source, "Hi"):
            events.append(event)  # noqa: PERF401  # what came before an error counts
    except ChatError as error:
        return events, f"{type(error).__name__}: {error}"
    return events, ""


@pytest.mark.parametrize("name", ROWS)
async def test_no_cut_of_the_bytes_changes_an_event(name: str) -> None:
    whole = await events_of(name, [])
    length = len(recorded(name)[1])
    dice = random.Random(7)
    # Every cut in two, as far as that is quick, and some cuts in many.
    ones = [[at] for at in range(1, length)]
    many = [sorted(dice.choices(range(1, length), k=9)) for _ in range(20)] if length > 1 else []
    for cuts in [*dice.sample(ones, min(60, len(ones))), *many]:
        assert await events_of(name, cuts) == whole


async def test_a_model_is_named_once_though_each_chunk_names_it() -> None:
    events, _ = await events_of("litellm-chat", [])
    assert [event for event in events if not isinstance(event, TextDelta)] == [
        ModelNamed("mock"),
        FinishReason("stop"),
        Usage(8, 30),
        StreamEnd(),
    ]
