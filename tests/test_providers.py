"""What every provider keeps to, with a real server, through a chat; the list is in protocols.py.

The rules of a stream themselves are proven in test_faults*.py; here each protocol keeps to them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import threading

import comm
import pytest

from chats import nothing_left_behind, serve_beside
from comms import Page, RecordingComm
from leaks import everything_about
from printer_widget import (
    ChatError,
    ChatNode,
    ConnectionFailed,
    ProviderError,
    ReasoningDelta,
    StreamFormatError,
    StreamInterrupted,
    StreamTooLarge,
    stream_chat,
)
from printer_widget.sources import HttpSource
from protocols import KEY, PROTOCOLS, Protocol
from servers import Answer, Connection, in_turn, no_wait, reset, sending, serve_in_thread

PIECES = ("Hel", "lo ", "né ", "😀", "\ufffd\x00", "!")
TEXT = "".join(PIECES)

every = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
KEYED = {name: each for name, each in PROTOCOLS.items() if name != "Printer"}
keyed = pytest.mark.parametrize("protocol", KEYED.values(), ids=KEYED)
thinking = pytest.mark.parametrize(
    "protocol",
    [each for each in PROTOCOLS.values() if each.reasoning],
    ids=[name for name, each in PROTOCOLS.items() if each.reasoning],
)


def ask(protocol: Protocol, answer, **limits):
    """Ask a server once; return the reply, the error, and the requests that came."""
    with nothing_left_behind(), serve_in_thread(answer) as server:
        source = HttpSource(protocol.make(server.url, KEY), wait=no_wait, **limits)
        chat = ChatNode(source)
        turn, error = chat.send("Hi"), None
        try:
            reply = turn.result(10)
        except ChatError as raised:
            reply, error = raised.reply, raised
        chat.close()
    return reply, error, server.requests


# ── Endings ────────────────────────────────────────────────────────────────────────────────────


@every
def test_a_whole_answer_is_complete(protocol: Protocol) -> None:
    reply, error, requests = ask(protocol, sending(protocol.answer(*PIECES)))
    assert (reply.status, reply.content, error) == ("complete", TEXT, None)
    assert reply.note is None
    assert len(requests) == 1


@every
def test_an_answer_that_ends_early_is_interrupted(protocol: Protocol) -> None:
    body = protocol.begin + protocol.text("Hello")
    reply, error, requests = ask(protocol, in_turn(sending(body), sending(protocol.answer("x"))))
    assert (reply.status, reply.content) == ("interrupted", "Hello")
    assert type(error) is StreamInterrupted
    assert len(requests) == 1  # once it began, a question is never asked again


@every
def test_no_answer_is_complete_that_lacks_some_of_its_text(protocol: Protocol) -> None:
    whole = protocol.answer("Hel", "lo")
    last = whole.index(protocol.end)
    answers: list[Answer] = []

    async def answer(connection: Connection) -> None:
        await answers.pop()(connection)

    with serve_beside(answer) as server:
        for length in range(0, last, 3):
            answers.append(sending(whole[:length]))
            chat = ChatNode(HttpSource(protocol.make(server.url, KEY), wait=no_wait))
            with pytest.raises(StreamInterrupted) as caught:
                chat.send("Hi").result(10)
            assert "Hello".startswith(caught.value.reply.content)
            chat.close()


@every
def test_an_error_in_the_middle_is_the_ending_whatever_follows(protocol: Protocol) -> None:
    body = protocol.begin + protocol.text("Hello") + protocol.error + protocol.end
    reply, error, _ = ask(protocol, sending(body))
    assert (reply.status, reply.content, reply.error) == ("error", "Hello", "No quota.")
    assert type(error) is ProviderError


@every
def test_bad_json_is_an_error_of_that_stream(protocol: Protocol) -> None:
    body = protocol.begin + protocol.text("Hello") + b"data: {\n\n" + protocol.end
    reply, error, _ = ask(protocol, sending(body))
    assert (reply.status, reply.content, type(error)) == ("error", "Hello", StreamFormatError)


@every
def test_what_is_unknown_is_ignored(protocol: Protocol) -> None:
    news = b'event: message\ndata: {"type": "news-of-v9", "object": "news"}\n\n: a comment\n\n'
    body = protocol.begin + news + protocol.text("Hello") + protocol.end
    assert ask(protocol, sending(body))[0].content == "Hello"


@every
def test_text_that_is_no_text_is_an_error_and_not_left_out(protocol: Protocol) -> None:
    body = protocol.begin + protocol.text("@").replace(b'"@"', b"[5]") + protocol.end
    reply, error, _ = ask(protocol, sending(body))
    assert (reply.status, type(error)) == ("error", StreamFormatError)


@every
@pytest.mark.parametrize("status", ["401 No", "404 No", "422 No"])
def test_a_refusal_is_asked_once_and_quoted(protocol: Protocol, status: str) -> None:
    body = json.dumps({"error": {"type": "t", "message": "No quota."}}).encode()
    reply, error, requests = ask(protocol, sending(body, status=status))
    assert reply.error.startswith(f"HTTP {status[:3]}; ")
    assert "it says 'No quota.'" in reply.error
    assert (error.status, len(requests)) == (int(status[:3]), 1)


@every
def test_what_may_pass_is_asked_again(protocol: Protocol) -> None:
    answers = in_turn(sending(b"", status="503 No"), sending(protocol.answer("Well.")))
    reply, _, requests = ask(protocol, answers)
    assert (reply.content, len(requests)) == ("Well.", 2)


@every
def test_a_reset_after_the_question_was_sent_is_not_asked_again(protocol: Protocol) -> None:
    _, error, requests = ask(protocol, in_turn(reset, sending(protocol.answer("Well."))))
    assert (type(error), len(requests)) == (ConnectionFailed, 1)


@every
def test_half_a_surrogate_pair_waits_for_its_other_half(protocol: Protocol) -> None:
    halves = (
        protocol.text("@").replace(b"@", b"\\ud83d"),
        protocol.text("@").replace(b"@", b"\\ude00\\ud83d"),
    )
    reply, _, _ = ask(protocol, sending(protocol.begin, *halves, protocol.end))
    assert reply.content == "😀\ufffd"


# ── Reasoning ──────────────────────────────────────────────────────────────────────────────────


@thinking
def test_reasoning_is_kept_beside_the_text(protocol: Protocol) -> None:
    thoughts = protocol.reasoning("Let me ") + protocol.reasoning("see 😀.")
    body = protocol.begin + thoughts + protocol.text("Hello") + protocol.end
    reply, _, _ = ask(protocol, sending(body))
    assert (reply.content, reply.reasoning) == ("Hello", "Let me see 😀.")


@thinking
def test_reasoning_survives_an_ending_that_is_none(protocol: Protocol) -> None:
    reply, _, _ = ask(protocol, sending(protocol.begin + protocol.reasoning("Let me ")))
    assert (reply.status, reply.content, reply.reasoning) == ("interrupted", "", "Let me ")


@thinking
def test_reasoning_counts_towards_the_limit_of_a_reply(protocol: Protocol) -> None:
    flood = protocol.reasoning("x" * 500_000) * 10
    reply, error, _ = ask(protocol, sending(protocol.begin, flood, protocol.end))
    assert type(error) is StreamTooLarge
    assert len(reply.reasoning) == 4 << 20


@thinking
async def test_the_stream_alone_has_the_reasoning_too(protocol: Protocol) -> None:
    body = protocol.begin + protocol.reasoning("Hm.") + protocol.text("Hi") + protocol.end
    with serve_in_thread(sending(body)) as server:
        events = [event async for event in stream_chat(protocol.make(server.url, KEY), "Hi")]
    assert ReasoningDelta("Hm.") in events


@thinking
def test_a_browser_sees_the_reasoning_grow_and_then_in_its_message(protocol, monkeypatch) -> None:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    go_on = threading.Event()

    async def answer(connection: Connection) -> None:
        await connection.head()
        await connection.send(protocol.begin + protocol.reasoning("Let "))
        await asyncio.to_thread(go_on.wait, 10)
        await connection.send(protocol.reasoning("me.") + protocol.text("Hi") + protocol.end)

    with nothing_left_behind(), serve_in_thread(answer) as server:
        seen = threading.Event()
        chat = ChatNode(HttpSource(protocol.make(server.url, KEY)))
        page = Page(chat.comm)
        chat.observe(lambda change: change["new"].get("reasoning") and seen.set(), "_view")
        turn = chat.send("Hi")
        assert seen.wait(10)
        assert page.read().reasoning == "Let "
        go_on.set()
        turn.result(10)
        state = page.read().state
        chat.close()
    assert state["messages"][-1]["reasoning"] == "Let me."
    assert "reasoning" not in state["_view"]


# ── Stop ───────────────────────────────────────────────────────────────────────────────────────


@every
def test_stop_closes_the_connection_and_keeps_what_came(protocol: Protocol) -> None:
    gone = threading.Event()

    async def answer(connection: Connection) -> None:
        await connection.head()
        await connection.send(protocol.begin + protocol.text("Hello"))
        await connection.gone()
        gone.set()

    with nothing_left_behind(), serve_in_thread(answer) as server:
        chat = ChatNode(HttpSource(protocol.make(server.url, KEY)))
        came = threading.Event()
        chat.on_token(lambda _text: came.set())
        turn = chat.send("Hi")
        assert came.wait(10)
        chat.stop()
        reply = turn.result(10)
        assert gone.wait(10)
        chat.close()
    assert (reply.status, reply.content) == ("stopped", "Hello")


# ── Keys ───────────────────────────────────────────────────────────────────────────────────────


@every
def test_the_key_is_sent_in_its_header(protocol: Protocol) -> None:
    _, _, (request,) = ask(protocol, sending(protocol.answer("Hi")))
    header, scheme = protocol.carries
    assert request.headers[header] == scheme + KEY


ECHO = f"refused: {KEY}, really"
LONG = "x" * 70 + KEY
LEAKS = {
    "complete": lambda p: sending(p.answer("Hi")),
    "cut short": lambda p: sending(p.begin + p.text("Hel")),
    "401": lambda p: sending(json.dumps({"error": {"message": ECHO}}).encode(), status="401 No"),
    "500 and a stream": lambda p: sending(
        f'data: {{"error": "{LONG}"}}\n\n'.encode(), status="500 X"
    ),
    "an error event": lambda p: sending(p.begin + p.error.replace(b"No quota.", ECHO.encode())),
    "no JSON": lambda p: sending(f"data: {LONG}\n\n".encode()),
    "no object": lambda p: sending(f'data: ["{LONG}"]\n\n'.encode()),
    "plain JSON": lambda p: sending(
        json.dumps({"error": {"message": ECHO}}).encode(), content_type="application/json"
    ),
    "reset": lambda p: reset,
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
@pytest.mark.parametrize(
    ("protocol", "from_function"),
    [
        *(pytest.param(each, False, id=name) for name, each in PROTOCOLS.items()),
        # A Printer backend's token is a value.
        *(pytest.param(each, True, id=f"{name}, a function") for name, each in KEYED.items()),
    ],
)
def test_the_key_is_nowhere_that_can_be_seen(
    protocol: Protocol, leak, from_function: bool, caplog, capfd, monkeypatch
) -> None:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    caplog.set_level(logging.DEBUG)
    with nothing_left_behind(), serve_in_thread(leak(protocol)) as server:
        provider = protocol.make(server.url, (lambda: KEY) if from_function else KEY)
        chat = ChatNode(HttpSource(provider, wait=no_wait))
        page = Page(chat.comm)
        turn, error = chat.send("Hi"), None
        try:
            reply = turn.result(10)
        except ChatError as raised:
            reply, error = raised.reply, raised
        told = [
            *everything_about(error),
            *map(repr, (chat, turn, provider, chat._chat.source, reply, reply.to_dict())),
            *map(repr, (chat.get_state(), chat._chat.state, turn.question, page.read().state)),
            *(repr(getattr(chat, name)) for name in chat.keys),
            *(repr(message) for message in chat.comm.taken()),
            reply._repr_html_(),
        ]
        chat.close()
    told += [caplog.text, *(repr(vars(record)) for record in caplog.records), *capfd.readouterr()]
    assert any(KEY in value for value in server.requests[0].headers.values())
    assert [text for text in told if KEY in text or KEY[:9] in text] == []


@every
def test_a_key_that_a_server_repeats_as_its_content_type_is_in_no_error(protocol) -> None:
    # At DEBUG httpcore logs what servers say in their heads, whatever that is.
    _, error, _ = ask(protocol, sending(content_type=f"text/{KEY}"))
    assert [text for text in everything_about(error) if KEY[:9] in text] == []


@every
def test_a_chat_with_a_key_is_not_pickled(protocol: Protocol) -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(ChatNode(protocol.make("http://127.0.0.1:1", KEY)))


@keyed
def test_a_function_is_asked_for_the_key_of_each_request_off_the_loop(protocol: Protocol) -> None:
    asked: list[str] = []

    def key() -> str:
        asked.append(threading.current_thread().name)
        return f"key-{len(asked)}"

    with nothing_left_behind(), serve_in_thread(sending(protocol.answer("Hi"))) as server:
        chat = ChatNode(protocol.make(server.url, key))
        chat.send("Hi").result(10)
        chat.send("Hi").result(10)
        chat.close()
    header, scheme = protocol.carries
    sent = [request.headers[header] for request in server.requests]
    assert sent == [f"{scheme}key-1", f"{scheme}key-2"]
    assert all(name.startswith("asyncio_") for name in asked)


@keyed
@pytest.mark.parametrize("given", ["", None, 5, "two words", "kéy"])
def test_a_function_that_gives_no_key_is_an_error_without_what_it_gave(protocol, given) -> None:
    with serve_in_thread(sending(protocol.answer("Hi"))) as server:
        chat = ChatNode(protocol.make(server.url, lambda: given))
        with pytest.raises(ProviderError, match=r"api_key|token") as caught:
            chat.send("Hi").result(10)
        chat.close()
    assert server.requests == []
    assert not given or str(given) not in str(caught.value)


@keyed
def test_what_a_key_function_raises_is_told_by_its_type_alone(protocol: Protocol) -> None:
    def key() -> str:
        raise LookupError(f"no {KEY} in the vault")

    chat = ChatNode(protocol.make("http://127.0.0.1:1", key))
    with pytest.raises(ProviderError, match="raised LookupError") as caught:
        chat.send("Hi").result(10)
    assert [text for text in everything_about(caught.value) if KEY in text] == []
    chat.close()


@keyed
@pytest.mark.parametrize("key", ["two words", "kéy-canary", "line\nbreak"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated(protocol, key: str) -> None:
    with pytest.raises(ValueError, match=r"(api_key|token) must be printable ASCII") as caught:
        protocol.make("http://127.0.0.1:1", key)
    assert key not in str(caught.value)


@keyed
def test_a_key_of_another_type_is_refused(protocol: Protocol) -> None:
    with pytest.raises(TypeError, match=r"must be text, or a function that returns it; got int"):
        protocol.make("http://127.0.0.1:1", 5)


@keyed
def test_plain_http_to_another_machine_is_refused(protocol: Protocol) -> None:
    with pytest.raises(ValueError, match="plain http to another machine"):
        protocol.make("http://model.example", KEY)


def test_the_chat_is_called_after_its_model() -> None:
    protocol = PROTOCOLS["OpenAIChat"]
    with serve_in_thread(sending(protocol.answer("Hi"))) as server:
        chat = ChatNode(protocol.make(server.url, KEY))
        assert chat._view["labels"]["title"] == "m-1"
        assert repr(chat) == "ChatNode(m-1)"
        chat.close()
