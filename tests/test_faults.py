"""Every fault that a server can have before or in an answer, as the reader of a chat sees it.

For every row: what is displayed is at every moment a prefix of what was sent, the ending is
honest, and nothing is left behind. Servers here name neither runs nor events, so that a question
whose answer began is never asked again; tests/test_resume.py has those that do.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from chats import nothing_left_behind, watched
from printer_widget import (
    ConnectionFailed,
    ProviderError,
    StreamFormatError,
    StreamInterrupted,
    StreamTooLarge,
)
from printer_widget.sources import http
from servers import (
    END,
    START,
    Answer,
    Connection,
    answer_of,
    event,
    in_turn,
    refused_url,
    reset,
    sending,
    serve_in_thread,
)

TOKENS = ("Hel", "lo ", "né ", "😀", "!")
TEXT = "".join(TOKENS)
WORDS = b"".join(event("message", token=token) for token in TOKENS)
QUICK = {"idle_timeout_s": 0.1}


@dataclass(frozen=True)
class Row:
    """A fault, and what is to come of it: the text that stays, the error, and its sentence."""

    answer: Answer
    text: str
    error: type[Exception] | None
    says: str = ""
    questions: int = 1
    limits: dict[str, Any] = field(default_factory=dict)


def after(part: bytes, what: Callable[[Connection], Awaitable[None]], **head: Any) -> Answer:
    """An answer that begins well and goes on with ``what``."""

    async def answer(connection: Connection) -> None:
        await connection.head(**head)
        await connection.send(part)
        await what(connection)

    return answer


def sending_raw(head: bytes, then: Answer | None = None) -> Answer:
    """An answer that sends these bytes for a head."""

    async def answer(connection: Connection) -> None:
        await connection.send(head)
        if then is not None:
            await then(connection)

    return answer


async def reset_once_read(connection: Connection) -> None:
    # A reset throws away what its receiver has not read yet, so that has to be read first.
    await asyncio.sleep(0.05)
    connection.reset()


async def pings_then_the_rest(connection: Connection) -> None:
    for _ in range(8):
        await asyncio.sleep(0.05)  # together four times the idle limit
        await connection.send(b": ping\n\n")
    await connection.send(END)


async def pings_then_silence(connection: Connection) -> None:
    await connection.send(b": ping\n\n" * 3)
    await connection.gone()


async def an_endless_line(connection: Connection) -> None:
    await connection.send(b"data: ")
    while True:
        await connection.send(b"x" * (1 << 16))


async def an_endless_body(connection: Connection) -> None:
    while True:
        await connection.send(b"x" * (1 << 16))


async def a_trickle(connection: Connection) -> None:
    while True:
        await connection.send(b"x")
        await asyncio.sleep(0.02)  # within the idle limit, for ever


def one_byte_at_a_time(body: bytes) -> Answer:
    return sending(*(bytes([byte]) for byte in body))


def in_http_chunks(*ends: bytes) -> Answer:
    body = START + WORDS
    chunked = {"Transfer-Encoding": "chunked"}
    return sending(b"%x\r\n%b\r\n" % (len(body), body), *ends, more=chunked)


BEGUN = START + WORDS
BROKE = "broke off in the middle of the answer"
EARLY = "ended before the answer was complete"
ROWS = {
    "nothing is wrong": Row(sending(answer_of(*TOKENS)), TEXT, None),
    "one byte at a time": Row(one_byte_at_a_time(answer_of(*TOKENS)), TEXT, None),
    "pings through a long silence": Row(
        after(BEGUN, pings_then_the_rest), TEXT, None, limits=QUICK
    ),
    "text after the end": Row(sending(answer_of(*TOKENS) + WORDS), TEXT, None),
    "unknown events": Row(sending(BEGUN + b"event: usage\ndata: {]\n\n" + END), TEXT, None),
    # No answer begins
    "silence before the head": Row(
        Connection.gone, "", ConnectionFailed, "did not answer within 0.1 s", limits=QUICK
    ),
    "silence in the head": Row(
        sending_raw(b"HTTP/1.1 200 OK\r\nContent-", then=Connection.gone),
        "",
        ConnectionFailed,
        "did not answer within 0.1 s",
        limits=QUICK,
    ),
    "reset before the head": Row(reset, "", ConnectionFailed, "without an answer"),
    "FIN before the head": Row(sending_raw(b""), "", ConnectionFailed, "without an answer"),
    "no HTTP": Row(sending_raw(b"220 ESMTP\r\n\r\n"), "", ConnectionFailed, "without an answer"),
    "FIN after the head": Row(sending(), "", StreamInterrupted, EARLY),
    "silence after the head": Row(
        after(b"", Connection.gone), "", StreamInterrupted, "silent for 0.1 s", limits=QUICK
    ),
    # The answer breaks off
    "FIN in the middle": Row(sending(BEGUN), TEXT, StreamInterrupted, EARLY),
    "FIN in an event": Row(sending(BEGUN + END[:-1]), TEXT, StreamInterrupted, EARLY),
    "reset in the middle": Row(after(BEGUN, reset_once_read), TEXT, StreamInterrupted, BROKE),
    "silence in the middle": Row(
        after(BEGUN, Connection.gone), TEXT, StreamInterrupted, "silent for 0.1 s", limits=QUICK
    ),
    "pings, then silence": Row(
        after(BEGUN, pings_then_silence), TEXT, StreamInterrupted, "silent for 0.1 s", limits=QUICK
    ),
    "FIN before the last chunk": Row(in_http_chunks(), TEXT, StreamInterrupted, BROKE),
    "FIN in a chunk": Row(in_http_chunks(b"ff\r\nda"), TEXT, StreamInterrupted, BROKE),
    "FIN in a chunk's length": Row(in_http_chunks(b"f"), TEXT, StreamInterrupted, BROKE),
    "a chunk without a length": Row(in_http_chunks(b"zz\r\nda"), TEXT, StreamInterrupted, BROKE),
    "the last chunk before the end": Row(
        in_http_chunks(b"0\r\n\r\n"), TEXT, StreamInterrupted, EARLY
    ),
    "shorter than its length": Row(
        sending(BEGUN, more={"Content-Length": "9999"}), TEXT, StreamInterrupted, BROKE
    ),
    # The answer is wrong
    "an error event": Row(
        sending(BEGUN + event("error", error="No.") + WORDS + END), TEXT, ProviderError, "^No.$"
    ),
    "bad JSON": Row(
        sending(BEGUN + b"data: {\n\n" + WORDS + END), TEXT, StreamFormatError, "expected JSON"
    ),
    "garbage for UTF-8": Row(
        sending(START + b'data: {"token": "\xff\xc3"}\n\n' + END), "\ufffd\ufffd", None
    ),
    "garbage for UTF-8 between events": Row(sending(BEGUN + b"\xff\xfe\n\n" + END), TEXT, None),
    "an event of 10 MB": Row(
        sending(BEGUN + event("message", token="x" * 10_000_000) + END),
        TEXT,
        StreamTooLarge,
        "one event of the stream is larger than 1048576 bytes",
    ),
    "an endless line": Row(
        after(BEGUN, an_endless_line), TEXT, StreamTooLarge, "one event of the stream is larger"
    ),
    "a web page": Row(
        sending(BEGUN, content_type="text/html"), "", StreamFormatError, "got text/html"
    ),
    "no content type": Row(
        sending(BEGUN, content_type=None), "", StreamFormatError, "got no content type"
    ),
    "an endless web page": Row(
        after(b"", an_endless_body, content_type="text/html"), "", StreamFormatError, "text/html"
    ),
    "endless JSON": Row(
        after(b"[", an_endless_body, content_type="application/json"),
        "",
        StreamTooLarge,
        "the answer is larger than 4194304 bytes",
    ),
    "an endless error": Row(
        after(b"", an_endless_body, status="400 No"), "", ProviderError, "^HTTP 400$"
    ),
    "a trickling error": Row(
        after(b"", a_trickle, status="400 No"), "", ProviderError, "^HTTP 400$", limits=QUICK
    ),
    "an error that says nothing": Row(
        after(b"", Connection.gone, status="400 No", more={"Content-Length": "9"}),
        "",
        ProviderError,
        "^HTTP 400$",
        limits=QUICK,
    ),
    "an error cut off": Row(
        sending(b'{"detail": "N', status="400 No", more={"Content-Length": "99"}),
        "",
        ProviderError,
        "^HTTP 400$",
    ),
    "an answer under another good status": Row(
        sending(answer_of("Hi"), status="206 Partial Content"), "", ProviderError, "^HTTP 206"
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_fault_ends_honestly_and_leaves_nothing(row: Row, monkeypatch) -> None:
    monkeypatch.setattr(http, "_ERROR_BODY_LIMIT_S", 0.2)
    statuses = {None: "complete", StreamInterrupted: "interrupted"}
    with nothing_left_behind(), serve_in_thread(in_turn(row.answer)) as server:
        with watched(server.url, **row.limits) as chat:
            ending = chat.ask()
        chat.check_shown(row.text)
        assert ending.text == row.text
        assert ending.status == statuses.get(row.error, "error")
        assert type(ending.error) is (row.error or type(None))
        assert re.search(row.says, ending.says or "")
        assert len(server.questions) == row.questions
        assert chat.waits == []


def test_a_server_that_is_not_there_is_asked_three_times_in_all() -> None:
    with nothing_left_behind(), watched(refused_url()) as chat:
        ending = chat.ask()
        assert (ending.status, ending.text, type(ending.error)) == ("error", "", ConnectionFailed)
        assert "could not connect to http://127.0.0.1" in ending.says
        assert chat.tried == [(2, 3), (3, 3)]


def test_what_a_fault_left_is_no_part_of_the_next_answer() -> None:
    answers = in_turn(sending(BEGUN), sending(answer_of("Well.")))
    with nothing_left_behind(), serve_in_thread(answers) as server, watched(server.url) as chat:
        assert chat.ask().status == "interrupted"
        assert chat.ask().text == "Well."
        chat.check_shown("Well.")
        contents = [message["content"] for message in chat.node.messages]
        assert contents == ["Hi", TEXT, "Hi", "Well."]
