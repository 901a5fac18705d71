"""What a type checker makes of the public API. It is checked by mypy, and never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, assert_type

from printer_widget import (
    AGUI,
    AnthropicMessages,
    Attachment,
    ChatError,
    ChatNode,
    Function,
    Message,
    OpenAIChat,
    Printer,
    ProviderError,
    StreamEvent,
    TextDelta,
    Turn,
    VercelUI,
    stream_chat,
)


async def my_model(messages: list[dict[str, str]]) -> AsyncIterator[str]:
    yield messages[-1]["content"]


def my_slow_model(messages: list[dict[str, str]]) -> Iterator[str]:
    yield from messages[-1]["content"].split()


ChatNode()
ChatNode("http://127.0.0.1:8000", token="t", system="You teach.", project_id="p")
ChatNode(Printer("http://127.0.0.1:8000", token="t"))
ChatNode(my_model)
ChatNode(my_slow_model)
ChatNode(lambda messages: messages[-1]["content"])
ChatNode("openai:gpt-4o")
ChatNode(OpenAIChat("m", base_url="http://127.0.0.1/v1", api_key=lambda: "k", temperature=0.2))
ChatNode(AnthropicMessages("m", api_key="k", max_tokens=100))
ChatNode(VercelUI("https://app.example", headers={"X-App": "lesson"}))
ChatNode(AGUI("https://agent.example", token="t"))
ChatNode(Function(my_model, label="Mine"))
ChatNode(42)  # type: ignore[arg-type]

chat = ChatNode()
assert_type(chat.streamed_text, str)
assert_type(chat.is_streaming, bool)


async def use() -> None:
    turn = chat.send("Hello", context=["x = 1", Attachment(name="a", kind="text", text="b")])
    assert_type(turn, Turn)
    assert_type(chat.context.add([1, 2], name="data"), Attachment)
    assert_type(chat.context.preview().text, str)
    assert_type(await turn, Message)
    assert_type(turn.result(timeout=60), Message)
    assert_type(turn.text, str)
    async for delta in turn:
        assert_type(delta, str)
    turn.stop()
    chat.stop()
    await chat.idle()
    assert_type(chat.retry(), Turn)
    assert_type(chat.edit("id", "text"), Turn)
    chat.delete("id")
    chat.clear()
    chat.close()


async def fail() -> None:
    try:
        reply = await chat.send("Hello")
        assert_type(reply.content, str)
        assert_type(reply.to_dict(), dict[str, Any])
    except ProviderError as error:
        assert_type(error.status, int | None)
    except ChatError as error:
        assert_type(error.reply, Message | None)


@chat.on_token
def count(text: str) -> int:
    return len(text)


@chat.on_complete
def note(reply: Message) -> str:
    return reply.content


assert_type(count("text"), int)


async def stream() -> None:
    async for event in stream_chat("http://127.0.0.1:8000", "Hello", token="t"):
        assert_type(event, StreamEvent)
        if isinstance(event, TextDelta):
            assert_type(event.text, str)
