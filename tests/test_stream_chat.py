"""stream_chat: the stream alone, from whatever can be a source, in plain async code."""

from __future__ import annotations

import asyncio

import pytest

from printer_widget import (
    Attachment,
    ChatError,
    ChatNode,
    Message,
    Printer,
    ProviderError,
    StreamEnd,
    StreamInterrupted,
    StreamStart,
    TextDelta,
    stream_chat,
)
from printer_widget.sources import FunctionSource, HttpSource, Source, as_source
from servers import TOKEN, Connection, answer_of, event, sending, serve


async def echo(messages):
    """Answer with what was told, one message a piece."""
    for message in messages:
        yield f"{message['role']}: {message['content']}"


async def read(*args, **kwargs) -> list:
    return [event async for event in stream_chat(*args, **kwargs)]


async def said(*args, **kwargs) -> list[str]:
    return [event.text for event in await read(*args, **kwargs) if isinstance(event, TextDelta)]


def message(content="Hi", role="user", **fields) -> Message:
    return Message(id="m1", role=role, content=content, timestamp="", **fields)


# ── Sources ────────────────────────────────────────────────────────────────────────────────────


async def test_a_function_is_asked() -> None:
    assert await read(echo, "Hi") == [TextDelta("user: Hi"), StreamEnd()]


async def test_a_url_is_asked_with_its_token() -> None:
    async with serve(sending(answer_of("Hello"))) as server:
        events = await read(server.url, "Hi", token=TOKEN)
    assert events == [StreamStart(), TextDelta("Hello"), StreamEnd("m1")]
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert server.requests[0].json()["user_message"] == "Hi"


async def test_a_provider_is_asked() -> None:
    async with serve(sending(answer_of("Hello"))) as server:
        assert await said(Printer(server.url), "Hi") == ["Hello"]


async def test_a_source_is_asked_as_it_is() -> None:
    one = FunctionSource(echo)
    assert as_source(one) is one
    assert await said(one, "Hi") == ["user: Hi"]


@pytest.mark.parametrize("made", [FunctionSource(echo), HttpSource(Printer())], ids=repr)
def test_the_sources_of_this_package_are_sources(made) -> None:
    assert isinstance(made, Source)


@pytest.mark.parametrize("source", [5, None, b"http://127.0.0.1", ["a"]], ids=repr)
async def test_what_is_no_source_is_refused_with_what_is_one(source) -> None:
    with pytest.raises(TypeError, match=rf"URL of a backend.* got {type(source).__name__}"):
        await read(source, "Hi")


@pytest.mark.parametrize(
    "source",
    [echo, Printer(), FunctionSource(echo)],
    ids=["function", "provider", "source"],
)
async def test_a_token_goes_with_a_url_alone(source) -> None:
    with pytest.raises(TypeError, match=r"token= goes with the URL") as caught:
        await read(source, "Hi", token=TOKEN)
    assert TOKEN not in str(caught.value)


async def test_a_bad_url_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="must begin with http"):
        await read("printer.example", "Hi")


# ── Messages ───────────────────────────────────────────────────────────────────────────────────


async def test_messages_may_be_mappings() -> None:
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello", "status": "complete"},
        {"role": "user", "content": "And?"},
    ]
    assert await said(echo, messages) == ["user: Hi", "assistant: Hello", "user: And?"]


async def test_messages_may_be_messages() -> None:
    messages = (message(), message("Hello", role="assistant"), message("And?"))
    assert await said(echo, messages) == ["user: Hi", "assistant: Hello", "user: And?"]


async def test_messages_may_be_those_of_a_chat() -> None:
    chat = ChatNode(echo)
    await chat.send("Hi")
    messages = [*chat.messages, {"role": "user", "content": "And?"}]
    assert await said(echo, messages) == ["user: Hi", "assistant: user: Hi", "user: And?"]
    chat.close()


async def test_the_context_of_a_message_is_told() -> None:
    table = Attachment(name="", kind="text", text="a table")
    (told,) = await said(echo, [message("Why?", context=(table,))])
    assert told == "user: <context>\na table\n</context>\n\nWhy?"


async def test_a_system_prompt_is_told_first() -> None:
    assert await said(echo, "Hi", system="Be brief.") == ["system: Be brief.", "user: Hi"]


@pytest.mark.parametrize(
    "messages",
    ["", " \n", [], [message(" ")], [message(role="assistant")], [message(role="system")]],
    ids=["empty", "blank", "none", "a blank message", "an answer", "a system prompt"],
)
async def test_messages_must_end_with_a_question(messages) -> None:
    with pytest.raises(ValueError, match=r"must end with a user's message that is not blank"):
        await read(echo, messages)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"content": "Hi"}, "got role None"),
        ({"role": "human", "content": "Hi"}, "got role 'human'"),
        ({"role": ["user"], "content": "Hi"}, "got role \\['user'\\]"),
        ({"role": "user"}, "content of type NoneType"),
        ({"role": "user", "content": ["Hi"]}, "content of type list"),
    ],
)
async def test_a_message_that_is_wrong_is_named_by_its_place(wrong, named: str) -> None:
    with pytest.raises(ValueError, match=rf"^message 1 must have .*{named}"):
        await read(echo, [message(), wrong])


@pytest.mark.parametrize("messages", [["Hi"], {"role": "user", "content": "Hi"}, [None]])
async def test_what_are_no_messages_is_a_type_error(messages) -> None:
    with pytest.raises(TypeError, match=r"message 0 is of type"):
        await read(echo, messages)


# ── Endings ────────────────────────────────────────────────────────────────────────────────────


async def test_an_error_comes_after_the_events_that_came_before_it() -> None:
    body = event("message", token="Hel") + event("error", error="No quota.")
    async with serve(sending(body)) as server:
        stream = stream_chat(server.url, "Hi")
        assert await anext(stream) == TextDelta("Hel")
        with pytest.raises(ProviderError, match=r"^No quota\.$"):
            await anext(stream)


async def test_every_failure_is_a_chat_error() -> None:
    async with serve(sending(event("message", token="Hel"))) as server:
        with pytest.raises(ChatError) as caught:
            await read(server.url, "Hi")
    assert type(caught.value) is StreamInterrupted


async def test_nothing_is_asked_before_the_first_event_is() -> None:
    async with serve(sending(answer_of("Hello"))) as server:
        stream = stream_chat(server.url, "Hi")
        await stream.aclose()
    assert server.requests == []


async def test_closing_it_early_closes_the_connection() -> None:
    closed = asyncio.Event()

    async def answer(connection: Connection) -> None:
        await connection.head()
        await connection.send(event("message", token="Hel"))
        await connection.gone()
        closed.set()

    async with serve(answer) as server:
        stream = stream_chat(server.url, "Hi")
        assert await anext(stream) == TextDelta("Hel")
        await stream.aclose()
        await closed.wait()


async def test_closing_it_early_closes_a_function_at_once() -> None:
    closed = []

    async def endless(messages):
        try:
            while True:
                yield "a"
        finally:
            closed.append(True)

    stream = stream_chat(endless, "Hi")
    await anext(stream)
    await stream.aclose()
    assert closed == [True]


async def test_a_timeout_around_it_stops_the_answer() -> None:
    closed = asyncio.Event()

    async def thinking(messages):
        try:
            yield "a"
            await asyncio.Event().wait()
        finally:
            closed.set()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await read(thinking, "Hi")
    assert closed.is_set()
