"""The Printer protocol: what is asked, what each event becomes, and what is said of errors."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from printer_widget.conversation import Attachment, Conversation, Message, Question
from printer_widget.errors import StreamFormatError
from printer_widget.events import (
    ConversationAssigned,
    StreamEnd,
    StreamError,
    StreamStart,
    TextDelta,
)
from printer_widget.providers import Printer, RequestSpec
from printer_widget.providers.base import checked_url, is_loopback, parse_json, shorten
from printer_widget.sse import ServerSentEvent

TOKEN = "tok-5ecret"


def question(text="Hi", *, conversation_id=None, **setting) -> Question:
    message = Message(id="m1", role="user", content=text, timestamp="")
    return Question(conversation=Conversation(messages=(message,), id=conversation_id), **setting)


def decode(event: str, data: object) -> tuple:
    text = data if isinstance(data, str) else json.dumps(data)
    return Printer().decode(ServerSentEvent(event, text, ""))


# ── The request ────────────────────────────────────────────────────────────────────────────────


def test_a_first_question_has_the_keys_of_the_protocol() -> None:
    spec = Printer().request(question(chat_node_id="n1", project_id="p1"))
    assert (spec.method, spec.url) == ("POST", "http://127.0.0.1:8000/api/chat/stream")
    assert spec.json == {
        "user_message": "Hi",
        "context_node_ids": [],
        "project_id": "p1",
        "chat_node_id": "n1",
    }


def test_a_later_question_names_its_conversation() -> None:
    spec = Printer().request(question(conversation_id="c1"))
    assert spec.json["conversation_id"] == "c1"


def test_a_system_prompt_is_sent_where_there_is_one() -> None:
    assert Printer().request(question(system="Be brief.")).json["system"] == "Be brief."
    assert "system" not in Printer().request(question(system="")).json


def test_the_project_of_the_provider_comes_before_the_one_of_the_question() -> None:
    spec = Printer(project_id="mine").request(question(project_id="theirs"))
    assert spec.json["project_id"] == "mine"


def test_context_is_part_of_the_user_message_and_its_names_go_with_it() -> None:
    context = (
        Attachment(name="sales", kind="table", text="a table"),
        Attachment(name="", kind="text", text="x = 1"),
    )
    message = Message(id="m1", role="user", content="Why?", timestamp="", context=context)
    spec = Printer().request(Question(conversation=Conversation(messages=(message,))))
    assert spec.json["user_message"] == (
        '<context name="sales">\na table\n</context>\n\n<context>\nx = 1\n</context>\n\nWhy?'
    )
    assert spec.json["context_node_ids"] == ["sales"]


def test_a_token_is_sent_as_a_bearer() -> None:
    headers = Printer(token=TOKEN).request(question()).headers
    assert headers == {"Accept": "text/event-stream", "Authorization": f"Bearer {TOKEN}"}


def test_without_a_token_no_authorization_is_sent() -> None:
    assert "Authorization" not in Printer().request(question()).headers


def test_url_and_token_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRINTER_API_BASE_URL", "https://printer.example/base/")
    monkeypatch.setenv("PRINTER_AUTH_TOKEN", TOKEN)
    spec = Printer().request(question())
    assert spec.url == "https://printer.example/base/api/chat/stream"
    assert spec.headers["Authorization"] == f"Bearer {TOKEN}"


def test_arguments_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRINTER_API_BASE_URL", "https://other.example")
    monkeypatch.setenv("PRINTER_AUTH_TOKEN", "other")
    spec = Printer("https://printer.example", token=TOKEN).request(question())
    assert spec.url.startswith("https://printer.example/")
    assert spec.headers["Authorization"] == f"Bearer {TOKEN}"


def test_empty_variables_are_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRINTER_API_BASE_URL", "")
    monkeypatch.setenv("PRINTER_AUTH_TOKEN", "")
    spec = Printer().request(question())
    assert spec.url.startswith("http://127.0.0.1:8000/")
    assert "Authorization" not in spec.headers


@pytest.mark.parametrize("end", [" b", "\n", "\r\nX: y", " ", "é", "\0", "\x7f"])
def test_a_token_that_no_header_can_hold_is_refused_without_repeating_it(end: str) -> None:
    with pytest.raises(ValueError, match=r"^token must be printable ASCII") as caught:
        Printer(token=TOKEN + end)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PRINTER_AUTH_TOKEN", "to ken"), ("PRINTER_API_BASE_URL", "no url")],
)
def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch, variable, value) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=f"^{variable} ") as caught:
        Printer()
    assert value not in str(caught.value)


def test_no_repr_shows_the_token() -> None:
    printer = Printer("https://printer.example", token=TOKEN)
    assert repr(printer) == "Printer('https://printer.example')"
    spec = printer.request(question("private"))
    assert isinstance(spec, RequestSpec)
    assert TOKEN not in repr(spec)
    assert "private" not in repr(spec)


# ── The URL ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000///", "http://127.0.0.1:8000"),
        ("http://localhost", "http://localhost"),
        ("http://LOCALHOST:80", "http://LOCALHOST:80"),
        ("http://api.localhost", "http://api.localhost"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://printer.example/a/b/", "https://printer.example/a/b"),
        ("HTTPS://printer.example", "HTTPS://printer.example"),
    ],
)
def test_a_good_url_loses_its_last_slash_and_nothing_else(url: str, checked: str) -> None:
    assert checked_url(url, insecure=False) == checked


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (" ", "must begin with http:// or https://"),
        ("127.0.0.1:8000", "must begin with http:// or https://"),
        ("ftp://s3cret.example", "must begin with http:// or https://"),
        ("file:///etc/s3cret", "must begin with http:// or https://"),
        ("http://", "name a host"),
        ("http://:8000", "name a host"),
        ("http://[s3cret", "is not a URL"),
        ("http://127.0.0.1:s3cret", "is not a URL"),
        ("http://127.0.0.1:99999", "is not a URL"),
        ("https://s3cret@host.example", "user or password"),
        ("https://me:s3cret@host.example", "user or password"),
        ("https://:s3cret@host.example", "user or password"),
        ("https://@host.example", "user or password"),
        ("https://host.example?key=s3cret", "no '\\?'"),
        ("https://host.example/#s3cret", "no '#'"),
        ("https://host.example/?", "no '\\?'"),
        ("https://host.example/#", "no '#'"),
        ("http://s3cret@host.example", "user or password"),
        ("http://host.example/s3cret", "plain http to another machine \\(host.example\\)"),
        ("http://10.0.0.1/s3cret", "plain http to another machine"),
        ("http://0.0.0.0/s3cret", "plain http to another machine"),
        ("http://127.0.0.1.example/s3cret", "plain http to another machine"),
        ("http://notlocalhost/s3cret", "plain http to another machine"),
    ],
)
def test_a_bad_url_is_refused_without_repeating_what_may_be_secret(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        Printer(url)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_plain_http_to_another_machine_can_be_asked_for() -> None:
    assert Printer("http://host.example", insecure=True).url == "http://host.example"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "a.localhost"])
def test_the_names_of_this_machine_are_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "::", "128.0.0.1", "localhost.example", "xlocalhost"]
)
def test_other_names_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


# ── The events ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("event", "data", "expected"),
    [
        ("stream_start", {"status": "streaming"}, (StreamStart(),)),
        ("stream_start", {"run_id": "r1", "extra": [1]}, (StreamStart("r1"),)),
        ("conversation_id", {"conversation_id": "c1"}, (ConversationAssigned("c1"),)),
        ("conversation_id", {"conversation_id": "\ud83d"}, (ConversationAssigned("\ufffd"),)),
        ("conversation_id", {"conversation_id": None}, ()),
        ("conversation_id", {}, ()),
        ("message", {"token": "Hi"}, (TextDelta("Hi"),)),
        ("data", {"token": "Hi"}, (TextDelta("Hi"),)),
        ("message", {"token": " \n"}, (TextDelta(" \n"),)),
        ("message", {"token": "\ud83d"}, (TextDelta("\ud83d"),)),  # its other half may follow
        ("message", {"token": ""}, ()),
        ("message", {"token": None}, ()),
        ("message", {"other": "Hi"}, ()),
        ("stream_end", {"message_id": "m1", "status": "complete"}, (StreamEnd("m1"),)),
        ("stream_end", {"message_id": "\ud83d"}, (StreamEnd("\ufffd"),)),
        ("stream_end", {"message_id": None}, (StreamEnd(),)),
        ("stream_end", {}, (StreamEnd(),)),
        ("error", {"error": "Too many."}, (StreamError("Too many."),)),
        ("error", {"error": {"message": "Too many."}}, (StreamError("Too many."),)),
        ("error", {"error": "\ud83d\n  two lines"}, (StreamError("\ufffd two lines"),)),
        ("error", {"error": ""}, (StreamError("the server gave no reason"),)),
        ("error", {}, (StreamError("the server gave no reason"),)),
        ("ping", "not even JSON", ()),
        ("Message", {"token": "Hi"}, ()),
        ("stream_end ", {}, ()),
    ],
)
def test_an_event_becomes(event: str, data: object, expected: tuple) -> None:
    assert decode(event, data) == expected


@pytest.mark.parametrize(
    ("event", "data", "sentence"),
    [
        ("message", "{", "expected JSON in the event 'message', got '{'"),
        ("message", "", "expected JSON in the event 'message', got ''"),
        ("data", "[DONE]", "expected JSON in the event 'data', got '[DONE]'"),
        ("stream_end", "x" * 500, "expected JSON in the event 'stream_end', got 'xxx"),
        ("message", "[" * 100_000, "expected JSON in the event 'message', got '[[["),
        ("message", '"Hi"', "expected a JSON object in the event 'message', got '\"Hi\"'"),
        ("message", "[1]", "expected a JSON object in the event 'message', got '[1]'"),
        ("stream_start", "null", "expected a JSON object in the event 'stream_start', got 'null'"),
        ("message", '{"token": 5}', "expected a string as 'token' of the event 'message', got int"),
        ("message", '{"token": ["x"]}', "'token' of the event 'message', got list"),
        ("conversation_id", '{"conversation_id": 7}', "expected a string as 'conversation_id'"),
        ("stream_end", '{"message_id": {}}', "expected a string as 'message_id'"),
    ],
)
def test_a_bad_event_is_an_error_that_says_what_was_expected_and_what_came(
    event: str, data: str, sentence: str
) -> None:
    with pytest.raises(StreamFormatError) as caught:
        decode(event, data)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 250


@given(st.sampled_from(["message", "stream_end", "error", "conversation_id"]), st.text())
def test_no_text_makes_decoding_raise_anything_else(event: str, text: str) -> None:
    try:
        events = decode(event, text)
    except StreamFormatError:
        return
    assert isinstance(events, tuple)


def test_an_error_event_may_be_as_deep_as_any() -> None:
    for depth in range(1, 3000, 30):
        text = '{"error":' * depth + "1" + "}" * depth
        with contextlib.suppress(StreamFormatError):  # deeper than the JSON parser goes
            assert decode("error", text) == (StreamError("the server gave no reason"),)


# ── Errors of HTTP, and answers that are no stream ─────────────────────────────────────────────


@pytest.mark.parametrize(
    "body",
    [
        {"error": "No quota."},
        {"detail": "No quota."},
        {"message": "No quota."},
        {"error": True, "message": "No quota."},
        {"error": {"message": "No quota.", "type": "insufficient_quota", "code": None}},
        {"type": "error", "error": {"type": "overloaded_error", "message": "No quota."}},
        {"detail": [{"type": "missing", "loc": ["body", "x"], "msg": "No quota."}]},
        [{"type": "missing", "loc": ["x"], "msg": "No quota."}],
        {"detail": {"error": {"message": "No quota."}}},
    ],
)
def test_what_an_error_body_says_is_quoted(body: object) -> None:
    assert "it says 'No quota.'" in Printer().decode_error(418, json.dumps(body).encode())
    assert Printer().decode_json(body) == (StreamError("No quota."),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><title>502 Bad Gateway</title>",
        b"\xff\xfe\x00garbage",
        b'{"error": "cut off',
        b"[" * 60_000,
        b'{"error":' * 900 + b"1" + b"}" * 900,
        b"null",
        b"[]",
        b'{"error": {}}',
        b'{"detail": [[["x"]]]}',
        b"1" * 5000,
    ],
)
def test_an_error_body_that_says_nothing_leaves_the_status_alone(body: bytes) -> None:
    assert Printer().decode_error(418, body) == "HTTP 418"


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "pass token=, or set PRINTER_AUTH_TOKEN"),
        (403, "not allowed"),
        (404, "is this the base URL of a Printer backend?"),
        (413, "too large"),
        (429, "wait a little"),
        (500, "the server failed"),
        (503, "the server failed"),
    ],
)
def test_a_status_comes_with_advice(status: int, advice: str) -> None:
    sentence = Printer().decode_error(status, b"")
    assert sentence.startswith(f"HTTP {status}; ")
    assert advice in sentence


@pytest.mark.parametrize("said", ["x" * 10_000, "\0" * 10_000, "\ud83d" * 500, "a\nb\r" * 500])
def test_a_sentence_is_one_short_line_that_can_be_sent(said: str) -> None:
    sentence = Printer().decode_error(500, json.dumps({"error": said}).encode())
    assert len(sentence) <= 300
    assert sentence.isprintable()
    sentence.encode()


def test_a_server_that_repeats_the_token_is_quoted_without_it() -> None:
    printer, body = Printer(token=TOKEN), {"error": f"unknown token: {TOKEN}!"}
    assert "'unknown token: …!'" in printer.decode_error(401, json.dumps(body).encode())
    assert printer.decode_json(body) == (StreamError("unknown token: …!"),)
    frame = ServerSentEvent("error", json.dumps(body), "")
    assert printer.decode(frame) == (StreamError("unknown token: …!"),)


@pytest.mark.parametrize("body", [{"answer": "Hi"}, {"error": ""}, [], "", None, 5])
def test_plain_json_that_tells_of_no_failure_is_not_the_protocol(body: object) -> None:
    with pytest.raises(StreamFormatError, match="plain JSON, expected an event stream"):
        Printer().decode_json(body)


# ── What providers share ───────────────────────────────────────────────────────────────────────


def test_json_that_is_none_is_an_error_that_names_its_place() -> None:
    with pytest.raises(StreamFormatError, match="expected JSON in the answer, got '<html>'"):
        parse_json(b"<html>", where="the answer")


@pytest.mark.parametrize(
    ("text", "shortened"),
    [
        ("short", "short"),
        ("  two\n lines\t", "two lines"),
        ("x" * 11, "xxxxxxxxx…"),
        (b"\xffbytes", "\ufffdbytes"),
        ("😀" * 11, "😀" * 9 + "…"),
        ("\ud83d", "\ufffd"),
    ],
)
def test_what_a_server_sent_is_shortened_to_one_line(text, shortened: str) -> None:
    assert shorten(text, 10) == shortened
