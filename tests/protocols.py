"""Every provider that the contract suite runs on, and the recordings of real servers.

A provider is covered by its line in ``PROTOCOLS``: how it is made for a server of the test's, which
header carries its key, and what an answer looks like on its wire.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from printer_widget import AGUI, AnthropicMessages, OpenAIChat, Printer, VercelUI
from printer_widget.providers import Provider
from servers import Answer, Connection, answer_of, event

RECORDINGS = Path(__file__).parent / "wire" / "recordings"
KEY = "sk-canary-5ecret"


def data(**fields: Any) -> bytes:
    """An event that has nothing but data."""
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


def typed(kind: str, **fields: Any) -> bytes:
    """An event of Anthropic's, with its type in both places."""
    return f"event: {kind}\n".encode() + data(type=kind, **fields)


def chunk(delta: dict[str, Any] | None = None, **choice: Any) -> bytes:
    """A chunk of a chat completion."""
    return data(model="m-1", choices=[{"index": 0, "delta": delta or {}, **choice}])


def block(index: int, **delta: str) -> bytes:
    return typed("content_block_delta", index=index, delta=delta)


DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Protocol:
    """A provider, and the words of its wire.

    Attributes:
        make: makes the provider for a URL and a key.
        carries: the header with the key, and what stands before the key in it.
        begin: what comes before the text.
        text: a piece of text.
        end: what ends the answer.
        error: an error in the middle, which says ``No quota.``
        reasoning: a piece of reasoning; None where the protocol has none.
    """

    make: Callable[[str, Any], Provider]
    carries: tuple[str, str]
    begin: bytes
    text: Callable[[str], bytes]
    end: bytes
    error: bytes
    reasoning: Callable[[str], bytes] | None = None

    def answer(self, *pieces: str) -> bytes:
        return self.begin + b"".join(map(self.text, pieces)) + self.end


BEARER = ("authorization", "Bearer ")
PROTOCOLS = {
    "Printer": Protocol(
        lambda url, key: Printer(url, token=key),
        BEARER,
        event("stream_start", status="streaming"),
        lambda text: event("message", token=text),
        event("stream_end", message_id="m1", status="complete"),
        event("error", error="No quota."),
    ),
    "OpenAIChat": Protocol(
        lambda url, key: OpenAIChat("m-1", base_url=f"{url}/v1", api_key=key),
        BEARER,
        chunk({"role": "assistant"}),
        lambda text: chunk({"content": text}),
        chunk(finish_reason="stop") + DONE,
        data(error={"message": "No quota.", "type": "quota", "code": 429}),
        lambda text: chunk({"reasoning_content": text}),
    ),
    "OpenAIChat on Azure": Protocol(
        lambda url, key: OpenAIChat("m-1", base_url=url, api_key=key, api_version="2024-10-21"),
        ("api-key", ""),
        data(model="", choices=[], prompt_filter_results=[]),
        lambda text: chunk({"content": text}),
        chunk(finish_reason="stop") + DONE,
        data(error={"message": "No quota."}),
    ),
    "AnthropicMessages": Protocol(
        lambda url, key: AnthropicMessages("m-1", base_url=url, api_key=key),
        ("x-api-key", ""),
        typed("message_start", message={"id": "msg_1", "model": "m-1", "content": []})
        + typed("ping"),
        lambda text: block(1, type="text_delta", text=text),
        typed("message_delta", delta={"stop_reason": "end_turn"}) + typed("message_stop"),
        typed("error", error={"type": "overloaded_error", "message": "No quota."}),
        lambda text: block(0, type="thinking_delta", thinking=text),
    ),
    "VercelUI": Protocol(
        lambda url, key: VercelUI(url, token=key),
        BEARER,
        data(type="start", messageId="m1") + data(type="text-start", id="t1"),
        lambda text: data(type="text-delta", id="t1", delta=text),
        data(type="finish", finishReason="stop") + DONE,
        data(type="error", errorText="No quota."),
        lambda text: data(type="reasoning-delta", id="r1", delta=text),
    ),
    "AGUI": Protocol(
        lambda url, key: AGUI(url, token=key),
        BEARER,
        data(type="RUN_STARTED", threadId="t1", runId="r1"),
        lambda text: data(type="TEXT_MESSAGE_CONTENT", messageId="m1", delta=text),
        data(type="RUN_FINISHED", threadId="t1", runId="r1", outcome={"type": "success"}),
        data(type="RUN_ERROR", message="No quota.", code="quota"),
        lambda text: data(type="REASONING_MESSAGE_CONTENT", messageId="m0", delta=text),
    ),
}
assert PROTOCOLS["Printer"].answer("Hi") == answer_of("Hi")


def provider_of(recording: str, url: str) -> Provider:
    """The provider that speaks what was recorded."""
    for part, name in (
        ("anthropic", "AnthropicMessages"),
        ("vercel", "VercelUI"),
        ("agui", "AGUI"),
    ):
        if part in recording:
            return PROTOCOLS[name].make(url, KEY)
    return PROTOCOLS["OpenAIChat"].make(url, KEY)


def recorded(name: str) -> tuple[bytes, bytes]:
    """The head and the body of a recording; the body lasts until the connection is closed."""
    head = (RECORDINGS / f"{name}.headers").read_bytes().replace(b"\r\n", b"\n").strip()
    # Recorded is what was inside the chunks.
    lines = [each for each in head.split(b"\n") if not each.lower().startswith(b"transfer-enc")]
    body = (RECORDINGS / f"{name}.sse").read_bytes()
    return b"\r\n".join(lines) + b"\r\n\r\n", body


def replaying(name: str, *, size: int | None = None) -> Answer:
    """An answer that sends a recording, whole or in pieces of some bytes."""
    head, body = recorded(name)

    async def answer(connection: Connection) -> None:
        await connection.send(head)
        step = size or len(body) or 1
        for at in range(0, len(body), step):
            await connection.send(body[at : at + step])

    return answer
