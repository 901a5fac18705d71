"""The HTTP source against real servers on loopback, which send what each test says."""

from __future__ import annotations

import asyncio
import socket
import sys

import pytest

from printer_widget.errors import ConnectionFailed, ProviderError, StreamInterrupted
from printer_widget.events import ConversationAssigned, StreamEnd, StreamStart, TextDelta
from printer_widget.loop import turns
from printer_widget.providers import Printer
from printer_widget.sources import HttpSource
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
    refused_url,
    sending,
    serve,
    serve_in_thread,
    source,
)

HELLO = event("message", token="Hello")


@pytest.fixture(autouse=True)
async def _clean():
    assert turns.loop.is_running()  # its own sockets do not count
    async with nothing_left():
        yield


# ── Complete answers ───────────────────────────────────────────────────────────────────────────


async def test_a_complete_answer_comes_as_its_events() -> None:
    body = START + event("conversation_id", conversation_id="c1") + HELLO + END
    async with serve(sending(body)) as server:
        assert await read(source(server.url)) == [
            StreamStart(),
            ConversationAssigned("c1"),
            TextDelta("Hello"),
            StreamEnd("m1"),
        ]


async def test_the_question_is_posted_as_json_with_the_token() -> None:
    async with serve(sending(answer_of())) as server:
        await read(source(server.url))
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/chat/stream")
    assert request.json()["user_message"] == "Hi"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept"] == "text/event-stream"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("asked", "sent"),
    [("né 😀", "né 😀"), ("\ud83d\ude00", "😀"), ("a\ud83d", "a\ufffd"), ('"\\\n\0', '"\\\n\0')],
)
async def test_any_question_can_be_posted(asked: str, sent: str) -> None:
    async with serve(sending(answer_of())) as server:
        async for _ in source(server.url).stream(question(asked)):
            pass
    assert server.requests[0].json()["user_message"] == sent


async def test_an_answer_may_come_one_byte_at_a_time() -> None:
    body = answer_of("né", "😀", "\ud83d", "\ude00")
    async with serve(sending(*(bytes([byte]) for byte in body))) as server:
        events = await read(source(server.url))
    assert [each.text for each in events[1:-1]] == ["né", "😀", "\ud83d", "\ude00"]


async def test_each_event_comes_as_soon_as_it_was_sent() -> None:
    seen = asyncio.Event()

    async def answer(connection: Connection) -> None:
        await connection.head()
        for part in (START, HELLO, END):
            await connection.send(part)
            await seen.wait()
            seen.clear()

    async with serve(answer) as server:
        async for _ in source(server.url).stream(question()):
            seen.set()


async def test_what_comes_after_the_end_is_not_waited_for() -> None:
    closed = asyncio.Event()

    async def answer(connection: Connection) -> None:
        await connection.head()
        await connection.send(START + END + HELLO)
        await connection.gone()
        closed.set()

    async with serve(answer) as server:
        assert await read(source(server.url)) == [StreamStart(), StreamEnd("m1")]
        await closed.wait()


@pytest.mark.slow
async def test_comments_keep_a_silent_stream_alive() -> None:
    async def answer(connection: Connection) -> None:
        await connection.head()
        await connection.send(START)
        for _ in range(6):
            await asyncio.sleep(0.25)  # here the passing of time is what is tested
            await connection.send(b": thinking\n\n")
        await connection.send(HELLO + END)

    async with serve(answer) as server:
        events = await read(source(server.url, idle_timeout_s=1))
    assert events[1] == TextDelta("Hello")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/event-stream",
        "text/event-stream; charset=utf-8",
        "text/event-stream; charset=latin-1",
        "Text/Event-Stream ;charset=utf-16",
    ],
)
async def test_an_event_stream_is_utf8_whatever_its_charset_says(content_type: str) -> None:
    body = START + 'event: data\ndata: {"token": "né 😀"}\n\n'.encode() + END
    async with serve(sending(body, content_type=content_type)) as server:
        assert (await read(source(server.url)))[1] == TextDelta("né 😀")


async def test_an_answer_may_come_in_the_chunks_of_http() -> None:
    chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in (START, HELLO, END)]
    chunked = sending(*chunks, b"0\r\n\r\n", more={"Transfer-Encoding": "chunked"})
    async with serve(chunked) as server:
        assert len(await read(source(server.url))) == 3


def test_a_source_works_on_one_loop_after_the_other() -> None:
    with serve_in_thread(sending(answer_of("Hello"))) as server:
        one = source(server.url)
        first, second = asyncio.run(read(one)), asyncio.run(read(one))
        third = asyncio.run_coroutine_threadsafe(read(one), turns.loop).result()
    assert first == second == third == [StreamStart(), TextDelta("Hello"), StreamEnd("m1")]


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"])
async def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, refused_url())
    async with serve(sending(answer_of())) as server:
        assert (await read(source(server.url)))[-1] == StreamEnd("m1")


@pytest.mark.parametrize("proxy", ["socks5://u:s3cret@127.0.0.1:1", "foo://u:s3cret@127.0.0.1:1"])
async def test_a_proxy_that_cannot_be_used_is_a_failed_connection(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)  # it may be installed here
    monkeypatch.setenv("ALL_PROXY", proxy)
    _, error = await outcome(HttpSource(Printer("http://host.invalid", insecure=True)))
    assert type(error) is ConnectionFailed
    assert "the proxy that the environment names" in str(error)
    assert "s3cret" not in str(error)


# ── Streams that break off ─────────────────────────────────────────────────────────────────────


async def broken_by_fin(connection: Connection) -> None:
    await connection.head()
    await connection.send(START + HELLO)


async def broken_in_a_chunk(connection: Connection) -> None:
    await connection.head(more={"Transfer-Encoding": "chunked"})
    body = START + HELLO
    await connection.send(b"%x\r\n%b\r\nff\r\ndata" % (len(body), body))


async def broken_by_a_length(connection: Connection) -> None:
    await connection.head(more={"Content-Length": "100000"})
    await connection.send(START + HELLO)


async def ended_before_any_event(connection: Connection) -> None:
    await connection.head(more={"Content-Length": "0"})


@pytest.mark.parametrize(
    ("answer", "text", "sentence"),
    [
        (broken_by_fin, "Hello", "ended before the answer was complete"),
        (broken_in_a_chunk, "Hello", "broke off in the middle"),
        (broken_by_a_length, "Hello", "broke off in the middle"),
        (ended_before_any_event, "", "ended before the answer was complete"),
    ],
)
async def test_an_answer_without_its_end_is_interrupted_and_its_text_kept(
    answer, text: str, sentence: str
) -> None:
    async with serve(answer) as server:
        kept, error = await outcome(source(server.url))
    assert (kept, type(error)) == (text, StreamInterrupted)
    assert sentence in str(error)


async def test_an_unfinished_event_at_the_end_is_dropped() -> None:
    async with serve(sending(START + HELLO + HELLO.rstrip())) as server:
        kept, error = await outcome(source(server.url))
    assert (kept, type(error)) == ("Hello", StreamInterrupted)


async def test_a_reset_in_the_middle_is_an_interruption() -> None:
    arrived = asyncio.Event()

    async def answer(connection: Connection) -> None:
        await connection.head()
        await connection.send(HELLO)
        await arrived.wait()
        connection.reset()

    async with serve(answer) as server:
        kept, error = await outcome(source(server.url), seen=arrived)
    assert (kept, type(error)) == ("Hello", StreamInterrupted)
    assert "broke off in the middle" in str(error)


async def test_silence_in_the_middle_is_an_interruption() -> None:
    async def answer(connection: Connection) -> None:
        await connection.head()
        await connection.send(START + HELLO)
        await connection.gone()

    async with serve(answer) as server:
        kept, error = await outcome(source(server.url, idle_timeout_s=0.05))
    assert (kept, type(error)) == ("Hello", StreamInterrupted)
    assert "silent for 0.05 s" in str(error)


# ── No answer at all ───────────────────────────────────────────────────────────────────────────


async def test_a_refused_connection_names_the_url() -> None:
    url = refused_url()
    _, error = await outcome(source(url))
    assert type(error) is ConnectionFailed
    assert f"could not connect to {url}" in str(error)


@pytest.mark.slow
@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".invalid", "a..invalid"])
async def test_a_host_that_does_not_exist_is_a_failed_connection(host: str) -> None:
    _, error = await outcome(HttpSource(Printer(f"http://{host}", insecure=True)))
    assert type(error) is ConnectionFailed
    assert host in str(error)


async def test_a_server_that_never_answers_is_a_failed_connection() -> None:
    async with serve(Connection.gone) as server:
        _, error = await outcome(source(server.url, idle_timeout_s=0.05))
    assert type(error) is ConnectionFailed
    assert "did not answer within 0.05 s" in str(error)


async def test_a_connection_that_takes_too_long_is_a_failed_one() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first:
        first.connect(full.getsockname())  # the one place in its queue
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        _, error = await outcome(source(url, connect_timeout_s=0.05))
    assert type(error) is ConnectionFailed
    assert "within 0.05 s" in str(error)


@pytest.mark.parametrize("said", [b"", b"220 mail.example ESMTP\r\n", b"HTTP/1.1 200 OK\r\nCont"])
async def test_a_server_that_speaks_no_http_is_a_failed_connection(said: bytes) -> None:
    async with serve(lambda connection: connection.send(said)) as server:
        _, error = await outcome(source(server.url))
    assert type(error) is ConnectionFailed
    assert server.url in str(error)


# ── Refusals ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        ("401 Unauthorized", b'{"detail": "Bad token."}', "refused the token.*'Bad token.'"),
        ("404 Not Found", b'{"detail": "Not Found"}', "nothing answers at this path"),
        ("422 Unprocessable", b'{"detail": [{"msg": "Field required"}]}', "'Field required'"),
        ("429 Too Many Requests", b'{"error": {"message": "Slow down."}}', "'Slow down.'"),
        ("500 Internal Server Error", b"Internal Server Error", "HTTP 500; the server failed"),
        ("502 Bad Gateway", b"<html><h1>502</h1></html>", "HTTP 502; the server failed"),
        ("204 No Content", b"", "HTTP 204"),
    ],
)
async def test_a_refusal_is_a_sentence_with_its_status(status, body, sentence) -> None:
    async with serve(sending(body, status=status, content_type="text/html")) as server:
        with pytest.raises(ProviderError, match=f"(?s)^HTTP {status[:3]}.*{sentence}|^{sentence}"):
            await read(source(server.url))


async def test_a_refusal_knows_its_status() -> None:
    async with serve(sending(b"", status="429 Too Many Requests")) as server:
        _, error = await outcome(source(server.url))
    assert (type(error), error.status) == (ProviderError, 429)


async def test_an_event_stream_under_an_error_status_is_an_error() -> None:
    async with serve(sending(answer_of("Hello"), status="500 Oh")) as server:
        kept, error = await outcome(source(server.url))
    assert (kept, error.status) == ("", 500)


async def test_of_an_endless_error_body_only_the_beginning_is_read() -> None:
    cut_off = asyncio.Event()

    async def answer(connection: Connection) -> None:
        await connection.head("500 Oh", content_type="text/html")
        try:
            for _ in range(1000):  # 64 MB, more than lies in the buffers between
                await connection.send(b"x" * (1 << 16))
        except ConnectionError:
            cut_off.set()

    async with serve(answer) as server:
        _, error = await outcome(source(server.url))
        await cut_off.wait()
    assert (type(error), error.status) == (ProviderError, 500)


async def test_an_error_body_that_breaks_off_leaves_the_status() -> None:
    broken = sending(b'{"detail": "N', status="500 Oh", more={"Content-Length": "100"})
    async with serve(broken) as server:
        _, error = await outcome(source(server.url))
    assert error.status == 500


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_carries_nothing_elsewhere(status: int) -> None:
    async with serve(sending(answer_of("Hello"))) as elsewhere:
        away = sending(status=f"{status} Away", more={"Location": f"{elsewhere.url}/s3cret"})
        async with serve(away) as server:
            _, error = await outcome(source(server.url))
    assert elsewhere.requests == []
    assert (type(error), error.status) == (ProviderError, status)
    assert "redirects are not followed" in str(error)
    assert "s3cret" not in str(error)
