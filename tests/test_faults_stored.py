"""The messages that a server stored take the place of ours, or nothing changes."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from chats import nothing_left_behind, watched
from servers import START, TOKEN, Answer, Connection, event, sending, serve_in_thread

TOKENS = b"".join(event("message", token=token) for token in ("Hello ", "there"))
ASSIGNED = event("conversation_id", conversation_id="c1")
BODY = START + ASSIGNED + TOKENS + event("stream_end", message_id="m1")
WHEN = "2026-01-01T00:00:00+00:00"


@pytest.fixture(autouse=True)
def _clean():
    with nothing_left_behind():
        yield


def stored(role: str, content: str, id: str, **more: Any) -> dict[str, Any]:  # noqa: A002
    return {"id": id, "role": role, "content": content, "timestamp": WHEN, **more}


PAIR = [stored("user", "Hi", "s1"), stored("assistant", "Hello there", "s2")]


def json_of(body: Any) -> Answer:
    return sending(json.dumps(body).encode(), content_type="application/json")


def storing(history: Answer, body: bytes = BODY) -> Answer:
    async def answer(connection: Connection) -> None:
        is_history = connection.request.path.startswith("/api/conversations/")
        await (history if is_history else sending(body))(connection)

    return answer


def after_one_turn(history: Answer, body: bytes = BODY, **options: Any):
    """The messages after a turn and whatever was fetched then, those at its end, and the server."""
    with (
        serve_in_thread(storing(history, body)) as server,
        watched(server.url, **options) as chat,
    ):
        changes: list[Any] = []
        chat.node.observe(lambda change: changes.append(change["new"]), "messages")
        chat.begin()
        chat.settle()
        at_its_end = next(each for each in changes if len(each) == 2)
        return chat.node.messages, at_its_end, server


def test_stored_ids_and_times_take_the_place_of_ours_and_the_text_stays() -> None:
    for body in (PAIR, {"messages": PAIR}):
        messages, before, server = after_one_turn(json_of(body))
        assert [(m["id"], m["timestamp"]) for m in messages] == [("s1", WHEN), ("s2", WHEN)]
        assert [m["content"] for m in messages] == ["Hi", "Hello there"]
        assert [m["id"] for m in before][1] == "m1"
        request = server.requests[1]
        assert (request.method, request.path) == ("GET", "/api/conversations/c1/messages")
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["accept"] == "application/json"


def test_it_is_one_change_of_the_messages_and_none_of_the_text() -> None:
    fetch = asyncio.Event()

    async def later(connection: Connection) -> None:
        await fetch.wait()
        await json_of(PAIR)(connection)

    with serve_in_thread(storing(later)) as server, watched(server.url) as chat:
        chat.ask()
        shown, changes = list(chat.shown), []
        chat.node.observe(lambda change: changes.append(change["new"]), "messages")
        server.loop.call_soon_threadsafe(fetch.set)
        chat.settle()
        assert len(changes) == 1
        assert chat.shown == shown
        assert chat.node.isStreaming is False


async def endless(connection: Connection) -> None:
    await connection.head(content_type="application/json")
    while True:
        await connection.send(b" " * (1 << 16))


NOTHING = {
    "404": sending(b'{"detail": "Not Found"}', status="404 Not Found"),
    "204": sending(status="204 No Content", content_type=None),
    "401": sending(status="401 No"),
    "500": sending(status="500 No"),
    "503, for later": sending(status="503 Busy", more={"Retry-After": "1"}),
    "a redirect": sending(status="302 Away", more={"Location": "http://127.0.0.1:1/"}),
    "a web page": sending(b"<html>", content_type="text/html"),
    "cut off": sending(b'[{"id', content_type="application/json", more={"Content-Length": "99"}),
    "no HTTP": lambda connection: connection.send(b"\0\r\n\r\n"),
    "closed": lambda connection: connection.send(b""),
    "silence": Connection.gone,
    "endless": endless,
    "no list": json_of({"messages": "none"}),
    "deep": sending(b"[" * 100_000, content_type="application/json"),
    "null": json_of(None),
    "an empty list": json_of([]),
    "no messages": json_of([1, None]),
    "another role": json_of([stored("tool", "Hi", "s1")]),
    "another type": json_of([{**PAIR[0], "id": 5}]),
    "other messages": json_of([stored("user", "Ho", "s1"), stored("assistant", "", "s2")]),
}


@pytest.mark.parametrize("history", NOTHING.values(), ids=NOTHING)
def test_what_is_no_stored_conversation_changes_nothing(history: Answer, caplog) -> None:
    messages, before, server = after_one_turn(history, idle_timeout_s=0.2)
    assert messages == before
    assert len(server.requests) == 2
    assert [each for each in caplog.records if each.levelname not in {"DEBUG", "INFO"}] == []


def test_nothing_is_fetched_where_there_is_no_conversation_id_or_the_answer_failed() -> None:
    for body in (BODY.replace(ASSIGNED, b""), START + ASSIGNED + event("error", error="No.")):
        _, _, server = after_one_turn(json_of(PAIR), body)
        assert len(server.requests) == 1


def test_an_id_too_long_for_a_url_changes_nothing(caplog) -> None:
    body = BODY.replace(b'"c1"', b'"%b"' % (b"c" * 70_000))
    messages, before, _ = after_one_turn(json_of(PAIR), body)
    assert messages == before
    assert [each for each in caplog.records if each.levelname not in {"DEBUG", "INFO"}] == []


def test_what_comes_after_a_newer_turn_began_changes_nothing() -> None:
    late, asked = asyncio.Event(), threading.Event()
    count = iter(range(9))

    async def answer(connection: Connection) -> None:
        if connection.request.path.startswith("/api/conversations/"):
            if next(count) == 0:
                await late.wait()
                await json_of(PAIR)(connection)
            else:
                await NOTHING["404"](connection)
        elif connection.request.json()["user_message"] == "Hi":
            await sending(BODY)(connection)
        else:
            await connection.head()
            await connection.send(START)
            asked.set()
            await connection.gone()

    with serve_in_thread(answer) as server, watched(server.url) as chat:
        chat.ask()
        before = chat.node.messages
        turn = chat.begin("Again")
        assert asked.wait(10)
        server.loop.call_soon_threadsafe(late.set)
        chat.settle(but=turn._task)
        assert chat.node.messages[:2] == before
        chat.node.stop()


def test_closing_the_chat_ends_the_fetching() -> None:
    asked = threading.Event()

    async def silent(connection: Connection) -> None:
        asked.set()
        await connection.gone()

    with serve_in_thread(storing(silent)) as server, watched(server.url) as chat:
        chat.ask()
        assert asked.wait(10)
