"""An answer of some 2 kB whose connection is closed after each of its bytes in turn."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from chats import Ending, nothing_left_behind, serve_beside, watched
from servers import (
    END,
    START,
    Connection,
    event,
    in_turn,
    resuming,
    run_of,
    sending,
)


def in_utf8(body: bytes) -> bytes:
    """The same JSON, with its characters as they are, so that a cut may go through one."""
    return body.replace(rb"\u00e9", "é".encode()).replace(rb"\ud83d\ude00", "😀".encode())


WORDS = ("", "word, " * 20) * 8
TOKENS = [f"{word} né 😀 {number}\n" for number, word in enumerate(WORDS)]
TEXT = "".join(TOKENS)
PLAIN = in_utf8(START + b"".join(event("message", token=token) for token in TOKENS) + END)
EVENTS = [in_utf8(each) for each in run_of(*TOKENS)]
NAMED = b"".join(EVENTS)
AT_ONCE = 24
A_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Padding: some\r\n\r\n"


@pytest.fixture(autouse=True)
def _no_sniffio(monkeypatch: pytest.MonkeyPatch) -> None:
    # Several times a request, httpcore looks whether it is installed: a quarter of all time here.
    monkeypatch.setitem(sys.modules, "sniffio", None)


def cut(body: bytes):
    """An answer that is closed after as many bytes as the question says."""

    async def answer(connection: Connection) -> None:
        await connection.head()
        await connection.send(body[: int(connection.request.json()["user_message"])])

    return answer


def text_within(body: bytes) -> str:
    """The text of the events that a blank line closes in ``body``."""
    whole = body.count(b"\n\n")
    return "".join(TOKENS[: max(0, whole - 1)])


# Some 2,000 connections, and twice as many where they are resumed: `make check` takes a sample.
every = pytest.mark.parametrize("step", [37, pytest.param(1, marks=pytest.mark.slow)])


def asked_at_each_offset(url: str, length: int, step: int = 1) -> Iterator[tuple[int, Ending]]:
    """Ask for an answer cut at each offset, in some chats at once, and check what they displayed.

    Each of them has one conversation after the other.
    """
    with ExitStack() as stack:
        chats = [stack.enter_context(watched(url)) for _ in range(AT_ONCE)]
        for first in range(0, length, AT_ONCE * step):
            offsets = range(first, min(first + AT_ONCE * step, length), step)
            asked = [(at, chat, chat.begin(str(at))) for at, chat in zip(offsets, chats)]  # noqa: B905
            for offset, chat, turn in asked:
                yield offset, chat.ending(turn)
                chat.check_shown(TEXT)
                chat.node.clear()


@every
@pytest.mark.timeout(180)
def test_without_ids_an_answer_cut_anywhere_is_interrupted_and_keeps_what_came(step: int) -> None:
    with nothing_left_behind(), serve_beside(cut(PLAIN)) as server:
        for offset, ending in asked_at_each_offset(server.url, len(PLAIN), step):
            assert (ending.status, ending.text) == ("interrupted", text_within(PLAIN[:offset]))
            assert "ended before the answer was complete" in ending.says
        assert len(server.requests) == len(range(0, len(PLAIN), step))


@every
@pytest.mark.timeout(180)
def test_with_ids_an_answer_cut_anywhere_is_resumed_complete_and_exact(step: int) -> None:
    async def answer(connection: Connection) -> None:
        await (cut(NAMED) if connection.request.method == "POST" else resuming(EVENTS))(connection)

    with nothing_left_behind(), serve_beside(answer) as server:
        for offset, ending in asked_at_each_offset(server.url, len(NAMED), step):
            if offset < len(EVENTS[0]):  # nothing came, so nothing can be resumed
                assert (ending.status, ending.text) == ("interrupted", "")
            else:
                assert (ending.status, ending.text) == ("complete", TEXT)
        offsets = range(0, len(NAMED), step)
        assert len(server.questions) == len(offsets)
        assert len(server.resumes) == sum(offset >= len(EVENTS[0]) for offset in offsets)


def test_a_head_cut_anywhere_is_a_failed_connection_and_the_question_asked_once() -> None:
    async def answer(connection: Connection) -> None:
        await connection.send(A_HEAD[: int(connection.request.json()["user_message"])])

    with nothing_left_behind(), serve_beside(answer) as server:
        for _, ending in asked_at_each_offset(server.url, len(A_HEAD)):
            assert (ending.status, ending.text) == ("error", "")
            assert "closed the connection without an answer" in ending.says
        assert len(server.requests) == len(A_HEAD)


def test_a_question_known_by_its_key_is_asked_again_where_nothing_had_come() -> None:
    first_event = len(EVENTS[0])
    for offset in range(first_event):
        answers = in_turn(sending(NAMED[:offset]), sending(NAMED))
        with serve_beside(answers) as server, watched(server.url, idempotent=True) as chat:
            assert chat.ask().text == TEXT
            chat.check_shown(TEXT)
            first, second = (each.headers["idempotency-key"] for each in server.questions)
            assert first == second
