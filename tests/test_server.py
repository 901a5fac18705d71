from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from printer_widget.conversation import Conversation, Message, Question
from printer_widget.server import create_app
from printer_widget.server import run as run_module
from printer_widget.server import store as store_module
from printer_widget.server.event_stream import EventStream
from printer_widget.server.journal import Journal
from printer_widget.server.limits import Limits
from printer_widget.server.listening import listen
from printer_widget.server.run import Run
from printer_widget.server.store import Store
from printer_widget.sources import FunctionSource
from serving import (
    QUESTION,
    SOON,
    Following,
    Noting,
    Waiting,
    ask,
    asking,
    events,
    eventually,
    limited,
    saying,
    serving,
    text,
)

# The stream


def test_a_new_conversation_is_these_bytes():
    with serving(saying("Hel", "lo")) as client:
        response = ask(client, {"user_message": "Hi"})
    assert re.fullmatch(
        rb"retry: 1000\nid: 1\nevent: stream_start\n"
        rb'data: {"status": "streaming", "run_id": "[0-9a-f]{32}"}\n\n'
        rb'id: 2\nevent: conversation_id\ndata: {"conversation_id": "[0-9a-f-]{36}"}\n\n'
        rb'id: 3\nevent: message\ndata: {"token": "Hel"}\n\n'
        rb'id: 4\nevent: message\ndata: {"token": "lo"}\n\n'
        rb"id: 5\nevent: stream_end\n"
        rb'data: {"message_id": "[0-9a-f-]{36}", "status": "complete"}\n\n',
        response.content,
    )


def test_a_known_conversation_is_given_no_new_id():
    with serving(saying("Hel", "lo")) as client:
        response = ask(client)
    names = [name for name, _ in events(response.content)]
    assert names == ["stream_start", "message", "message", "stream_end"]


def test_the_headers_are_those_of_an_unbuffered_event_stream():
    with serving(saying("Hello")) as client:
        headers = ask(client).headers
    assert headers["content-type"].partition(";")[0] == "text/event-stream"
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-cache", "no")


def test_a_token_comes_before_the_next_one_exists():
    model = Waiting("Hello")
    with serving(model) as client, asking(client) as response:
        received = b""
        for chunk in response.iter_raw():
            received += chunk
            if b'{"token": "Hello"}' in received:
                break
        assert model.thinking.wait(SOON)


def test_the_demo_model_answers_where_no_other_is_given():
    with serving() as client:
        assert text(ask(client, {"user_message": "echo tick"}).content) == "tick"


def test_any_text_comes_through():
    tokens = [
        "🙂",
        "a\nb\r\nc\r",
        "\u2028\u2029\x85",
        "\x00\x1b\x7f",
        "\ud83d",
        "\ude42",
        '"\\',
        "日本",
    ]
    with serving(saying(*tokens)) as client:
        response = ask(client)
    received = [data["token"] for name, data in events(response.content) if name == "message"]
    assert received == tokens
    assert "日本".encode() in response.content  # as UTF-8, which takes half the bytes of escapes


def test_empty_tokens_are_not_sent():
    with serving(saying("", "a", "")) as client:
        response = ask(client)
    assert [data for name, data in events(response.content) if name == "message"] == [
        {"token": "a"}
    ]


def test_a_silent_model_is_covered_by_pings_and_not_disturbed():
    go_on = threading.Event()

    async def model(messages):
        yield "a"
        await asyncio.to_thread(go_on.wait, SOON)
        yield "b"

    with serving(model, limits=limited(ping_s=0.05)) as client, asking(client) as response:
        received = b""
        for chunk in response.iter_raw():
            received += chunk
            if received.count(b": ping\n\n") == 3:
                go_on.set()
    assert b'"a"}\n\n: ping\n\n: ping\n\n: ping\n\n' in received
    assert b'{"token": "b"}' in received
    assert b"stream_end" in received


def test_twenty_streams_run_side_by_side():
    everyone = asyncio.Barrier(20)

    async def model(messages):
        yield "I am "
        await everyone.wait()
        yield messages[-1]["content"]

    with serving(model) as client, ThreadPoolExecutor(20) as pool:

        def run(number):
            return text(ask(client, {"user_message": str(number)}).content)

        assert list(pool.map(run, range(20))) == [f"I am {number}" for number in range(20)]


# A model that fails


class Secret(Exception):
    pass


async def failing(messages):
    yield "Hel"
    raise Secret("the password is swordfish")


async def cancelling(messages):
    yield "Hel"
    raise asyncio.CancelledError


def refusing(messages):
    raise Secret("the password is swordfish")


async def counting(messages):
    yield "Hel"
    yield 1


@pytest.mark.parametrize("model", [failing, cancelling, refusing, counting])
def test_a_model_that_fails_ends_the_stream_with_an_error(model, caplog):
    with serving(model) as client:
        *_, last = events(ask(client).content)
    sentence = "The model failed while it was answering; the backend's log says why."
    assert last == ("error", {"error": sentence})


def test_a_failure_is_told_to_the_log_and_not_to_the_client(caplog):
    with serving(failing) as client:
        content = ask(client).content
    assert b'{"token": "Hel"}' in content
    assert b"swordfish" not in content
    assert b"Secret" not in content
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info[0] is Secret


# A client that goes away


@pytest.mark.parametrize("tokens", [(), ("Hello", " world")])
def test_a_disconnect_ends_the_model_at_once_and_is_no_failure(tokens, caplog):
    model = Waiting(*tokens)
    with serving(model) as client:
        with asking(client):
            assert model.thinking.wait(SOON)
            left = time.monotonic()
        assert model.closed.wait(SOON)
        assert time.monotonic() - left < 0.25
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_disconnect_ends_a_model_whose_tokens_nobody_reads():
    started, closed = threading.Event(), threading.Event()

    async def model(messages):
        try:
            while True:
                yield "x" * 1_000_000
                started.set()
        finally:
            closed.set()

    with serving(model) as client:
        with asking(client):
            assert started.wait(SOON)
        assert closed.wait(SOON)


async def test_a_model_goes_little_further_than_the_connection_and_is_closed_with_it():
    piece, said, closed = "x" * 10_000, [], asyncio.Event()

    async def model(messages):
        try:
            while True:
                said.append(piece)
                yield piece
        finally:
            closed.set()

    async def receive():
        await has_token.wait()
        await asyncio.sleep(0.1)  # time enough to go too far
        return {"type": "http.disconnect"}

    async def send(message):
        if b"token" in message.get("body", b""):
            has_token.set()
            await asyncio.Event().wait()  # a client that reads nothing, and then leaves

    has_token = asyncio.Event()
    store = Store()
    place = {"owner": "o", "conversation_id": "c", "message_id": "m"}
    run = Run("r", **place, limits=Limits(grace_s=0), journal=Journal(store))
    run.emit("stream_start", {})
    run.start(FunctionSource(model).stream(question("Hi")))
    await EventStream(run)({"type": "http"}, receive, send)
    await asyncio.wait_for(closed.wait(), SOON)
    assert len(said) * len(piece) <= 3 * run_module.AHEAD
    store.close()


def question(text):
    asks = Message(id="1", role="user", content=text, timestamp="")
    return Question(conversation=Conversation(messages=(asks,)))


def test_a_model_that_will_not_end_is_named_in_the_log(caplog, monkeypatch):
    monkeypatch.setattr(run_module, "CLOSING_S", 0.05)
    thinking, let_go, ended = threading.Event(), threading.Event(), threading.Event()

    async def model(messages):
        thinking.set()
        while not let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)
        ended.set()
        yield "too late"

    with serving(model) as client:
        with asking(client):
            assert thinking.wait(SOON)
        eventually(lambda: caplog.records, "nothing was logged")
        let_go.set()
        assert ended.wait(SOON)
    assert "does it catch and drop asyncio.CancelledError?" in caplog.text


# The conversation


def test_the_model_is_given_the_conversation_so_far():
    model = Noting()
    with serving(model) as client:
        first = ask(client, {"user_message": "Q1"})
        conversation = dict(events(first.content))["conversation_id"]
        ask(client, conversation | {"user_message": "Q2"})
        ask(client, {"user_message": "Q3"})
    assert model.given == [
        [("user", "Q1")],
        [("user", "Q1"), ("assistant", "A1"), ("user", "Q2")],
        [("user", "Q3")],
    ]


def test_a_conversation_nobody_knows_begins_under_the_id_it_was_given():
    model = Noting()
    with serving(model) as client:
        ask(client, {"user_message": "Q1", "conversation_id": "mine"})
        ask(client, {"user_message": "Q2", "conversation_id": "mine"})
    assert len(model.given[1]) == 3


def test_the_system_prompt_comes_first_and_is_not_remembered():
    model = Noting()
    with serving(model) as client:
        ask(client, QUESTION | {"system": "Be short."})
        ask(client)
    assert model.given[0] == [("system", "Be short."), ("user", "Hi")]
    assert "system" not in dict(model.given[1])


def test_what_was_said_before_a_stop_is_remembered():
    model = Waiting("Hel", "lo")
    with serving(model) as client:
        with asking(client) as response:
            Following(response).until('"lo"')
        with asking(client, user_message="Go on") as response:
            next(response.iter_raw())
            assert model.closed.wait(SOON)
    contents = [message["content"] for message in model.messages]
    assert contents == ["Hi", "Hello", "Go on"]


class Hesitating:
    """A model that fails on every question but those that begin with "A", and notes the others."""

    def __init__(self):
        self.given = []

    async def __call__(self, messages):
        self.given.append([message["content"] for message in messages])
        if not messages[-1]["content"].startswith("A"):
            raise Secret
        yield "yes"


def test_a_question_that_got_no_answer_is_not_repeated_to_the_model(caplog):
    model = Hesitating()
    with serving(model) as client:
        for asked in ("No", "No again", "A question", "No", "Another"):
            ask(client, QUESTION | {"user_message": asked})
    assert model.given[-1] == ["A question", "yes", "Another"]


def test_of_a_long_conversation_the_model_is_told_the_last_messages(monkeypatch):
    monkeypatch.setattr(store_module, "MAX_HISTORY", 4)
    model = Noting()
    with serving(model) as client:
        for number in range(5):
            ask(client, QUESTION | {"user_message": f"Q{number}"})
    contents = [content for _, content in model.given[-1]]
    assert contents == ["Q2", "A3", "Q3", "A4", "Q4"]


def test_in_memory_the_conversation_unused_for_longest_is_forgotten(monkeypatch):
    monkeypatch.setattr(store_module, "MAX_IN_MEMORY", 2)
    with serving(saying("yes")) as client:
        for name in ("old", "kept", "old", "new"):
            ask(client, QUESTION | {"conversation_id": name})
        listed = client.get("/api/conversations").json()["conversations"]
    assert [each["id"] for each in listed] == ["new", "old"]


def test_an_answer_does_not_wait_for_a_packet_to_be_full():
    with listen("127.0.0.1") as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        accepted.close()
    # asyncio turns Nagle's algorithm off where a connection says that it is TCP
    assert accepted.proto == socket.IPPROTO_TCP


def test_settings_that_would_do_harm_are_refused():
    with pytest.raises(ValueError, match="token is empty"):
        create_app(token="")
    with pytest.raises(ValueError, match="ping_s must be above 0"):
        Limits(ping_s=0)
