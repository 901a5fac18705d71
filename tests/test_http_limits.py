"""What the HTTP source does with wrong and endless answers, with Stop, and with the token."""

from __future__ import annotations

import asyncio
import logging

import pytest

from printer_widget.errors import (
    ChatError,
    ProviderError,
    StreamFormatError,
    StreamTooLarge,
)
from printer_widget.events import StreamStart
from servers import (
    END,
    START,
    TOKEN,
    Connection,
    answer_of,
    event,
    nothing_left,
    outcome,
    question,
    read,
    sending,
    serve,
    source,
)

HELLO = event("message", token="Hello")


@pytest.fixture(autouse=True)
async def _clean():
    async with nothing_left():
        yield


# ── Answers that are not the protocol, or too much of it ───────────────────────────────────────


@pytest.mark.parametrize(
    ("content_type", "named"),
    [
        (None, "got no content type"),
        ("text/html; charset=utf-8", "got text/html"),
        ("text/plain", "got text/plain"),
        ("text/event-stream-not", "got text/event-stream-not"),
        ("x" * 5000, "got xxx"),
    ],
)
async def test_another_content_type_is_an_error_that_names_it(content_type, named) -> None:
    async with serve(sending(answer_of("Hello"), content_type=content_type)) as server:
        kept, error = await outcome(source(server.url))
    assert (kept, type(error)) == ("", StreamFormatError)
    assert "expected an event stream (text/event-stream)" in str(error)
    assert named in str(error)
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        (b'{"error": "No quota."}', ProviderError, "No quota."),
        (b'{"answer": "Hello"}', StreamFormatError, "plain JSON, expected an event stream"),
        (b"Hello", StreamFormatError, "expected JSON in the answer, got 'Hello'"),
        (b'"' + b"x" * (4 << 20), StreamTooLarge, "the answer is larger than 4194304 bytes"),
    ],
)
async def test_plain_json_is_never_an_answer(body: bytes, kind: type, sentence: str) -> None:
    # What a proxy forwards of another's headers is no content type of its own.
    more = {"llm_provider-content-type": "text/event-stream"}
    async with serve(sending(body, content_type="application/json", more=more)) as server:
        _, error = await outcome(source(server.url))
    assert type(error) is kind
    assert sentence in str(error)


async def test_an_error_event_ends_the_answer_and_keeps_its_text() -> None:
    error_event = event("error", error="Rate limit exceeded")
    async with serve(sending(START + HELLO + error_event + HELLO + END)) as server:
        kept, error = await outcome(source(server.url))
    assert (kept, type(error), str(error)) == ("Hello", ProviderError, "Rate limit exceeded")
    assert error.status is None


async def test_an_event_of_bad_json_ends_the_answer_and_keeps_its_text() -> None:
    async with serve(sending(START + HELLO + b"data: {\n\n" + END)) as server:
        kept, error = await outcome(source(server.url))
    assert (kept, type(error)) == ("Hello", StreamFormatError)


async def test_an_event_of_10_mb_is_too_large_and_the_text_before_it_kept() -> None:
    huge = event("message", token="x" * 10_000_000)
    async with serve(sending(START + HELLO + huge + END)) as server:
        kept, error = await outcome(source(server.url))
    assert (kept, type(error)) == ("Hello", StreamTooLarge)


async def test_an_event_that_is_too_large_is_so_in_the_last_chunk_too() -> None:
    async with serve(sending(HELLO + b"data: " + b"x" * 200)) as server:
        kept, error = await outcome(source(server.url, max_event_bytes=100))
    assert (kept, type(error)) == ("Hello", StreamTooLarge)


# ── Stopping ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("before", [b"", START], ids=["before the head", "in the middle"])
async def test_cancelling_the_reader_closes_the_connection(before: bytes) -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    async def answer(connection: Connection) -> None:
        if before:
            await connection.head()
            await connection.send(before)
        asked.set()
        await connection.gone()
        closed.set()

    async with serve(answer) as server:
        reading = asyncio.create_task(read(source(server.url)))
        await asked.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await closed.wait()


async def test_closing_the_stream_early_closes_the_connection() -> None:
    closed = asyncio.Event()

    async def answer(connection: Connection) -> None:
        await connection.head()
        await connection.send(START + HELLO)
        await connection.gone()
        closed.set()

    async with serve(answer) as server:
        stream = source(server.url).stream(question())
        assert await anext(stream) == StreamStart()
        await stream.aclose()
        await closed.wait()


# ── Secrets ────────────────────────────────────────────────────────────────────────────────────


def chain(error: BaseException | None) -> list[BaseException]:
    """The error with all that is reachable from it as a cause or context."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and each not in found:
            found.append(each)
            waiting += [each.__cause__, each.__context__]
    return found


_ECHO = f"your header was: Bearer {TOKEN}"


@pytest.mark.parametrize(
    "answer",
    [
        sending(START),
        sending(START, more={"Content-Length": "100000"}),
        Connection.gone,
        sending(status="401 Unauthorized"),
        sending(f'{{"detail": "{_ECHO}"}}'.encode(), status="401 Unauthorized"),
        sending(event("error", error=_ECHO)),
        sending(f'{{"error": "{_ECHO}"}}'.encode(), content_type="application/json"),
        sending(status="307 Away", more={"Location": "http://127.0.0.1:1"}),
        sending(content_type="text/html"),
        lambda connection: connection.send(b"no http\r\n\r\n"),
    ],
    ids=[
        "the end is missing",
        "broken off",
        "silent",
        "refused",
        "refused, with an echo",
        "an error event, with an echo",
        "plain JSON, with an echo",
        "redirected",
        "a web page",
        "no HTTP",
    ],
)
async def test_the_token_is_in_no_error_and_no_log(answer, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    async with serve(answer) as server:
        _, error = await outcome(source(server.url, idle_timeout_s=0.05))
    assert [each for each in chain(error) if not isinstance(each, ChatError)] == []
    assert [each for each in chain(error) if TOKEN in f"{each} {each!r} {vars(each)}"] == []
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert "httpcore.connection" in {record.name for record in caplog.records}
    assert TOKEN not in caplog.text


def test_the_repr_and_the_label_of_a_source_name_its_host_alone() -> None:
    one = source("http://127.0.0.1:8000/base")
    assert repr(one) == "HttpSource(Printer('http://127.0.0.1:8000/base'))"
    assert one.label == "127.0.0.1:8000"
