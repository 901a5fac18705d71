"""What is asked again before an answer begins, with a real server, as a chat displays it."""

from __future__ import annotations

import re
import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

import pytest

from chats import nothing_left_behind, watched
from printer_widget import ChatNode, ConnectionFailed, Printer, ProviderError
from printer_widget.events import StreamEvent, TextDelta
from printer_widget.providers import Provider
from printer_widget.retry import RETRYABLE
from printer_widget.sources import HttpSource
from servers import (
    START,
    TOKEN,
    Connection,
    answer_of,
    event,
    in_turn,
    no_wait,
    refused_url,
    reset,
    sending,
    serve_in_thread,
)

HELLO = event("message", token="Hello")
WELL = sending(answer_of("Well."))
QUICK = {"idle_timeout_s": 0.1}


@pytest.fixture(autouse=True)
def _clean():
    with nothing_left_behind():
        yield


def failing(status: int, **more: str):
    return sending(b'{"detail": "Later."}', status=f"{status} No", content_type=None, more=more)


# ── Statuses ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", sorted(RETRYABLE))
def test_a_status_that_may_pass_is_asked_again_until_it_is_fine(status: int) -> None:
    answers = in_turn(failing(status), failing(status), WELL)
    with serve_in_thread(answers) as server, watched(server.url) as chat:
        assert chat.ask().text == "Well."
        chat.check_shown("Well.")
        assert len(server.requests) == 3
        assert chat.tried == [(2, 3), (3, 3)]
        assert chat.waits[0] <= 0.5
        assert chat.waits[1] <= 1


@pytest.mark.parametrize("status", sorted(RETRYABLE))
def test_a_status_that_does_not_pass_is_asked_three_times_in_all(status: int) -> None:
    with serve_in_thread(failing(status)) as server, watched(server.url) as chat:
        ending = chat.ask()
        assert (ending.status, ending.text, ending.error.status) == ("error", "", status)
        assert "'Later.'" in ending.says
        assert len(server.requests) == 3


@pytest.mark.parametrize(
    "status", [204, 206, 301, 302, 303, 307, 308, 400, 401, 403, 404, 409, 413, 422, 451, 501, 505]
)
@pytest.mark.parametrize("idempotent", [False, True])
def test_any_other_status_is_asked_once(status: int, idempotent: bool) -> None:
    answers = in_turn(failing(status, **{"Retry-After": "1"}), WELL)
    with serve_in_thread(answers) as server, watched(server.url, idempotent=idempotent) as chat:
        ending = chat.ask()
        assert (type(ending.error), ending.error.status) == (ProviderError, status)
        assert len(server.requests) == 1
        assert chat.waits == []


def test_every_question_of_one_turn_has_the_same_key_and_the_next_turn_another() -> None:
    answers = in_turn(failing(500), failing(500), WELL)
    with serve_in_thread(answers) as server, watched(server.url) as chat:
        chat.ask()
        chat.ask()
        keys = [each.headers["idempotency-key"] for each in server.requests]
        bodies = [each.json()["user_message"] for each in server.requests]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert bodies == ["Hi"] * 4


# ── Retry-After ────────────────────────────────────────────────────────────────────────────────


def in_s(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("name", "value", "least", "most"),
    [
        ("Retry-After", "0", 0, 0),
        ("Retry-After", "7", 7, 7),
        ("Retry-After", "60", 60, 60),
        ("Retry-After", "1.5", 1.5, 1.5),
        ("Retry-After-Ms", "250", 0.25, 0.25),
        ("Retry-After", partial(in_s, -100), 0, 0),
        ("Retry-After", partial(in_s, 40), 30, 40),
        ("Retry-After", lambda: in_s(40).removesuffix(" GMT"), 30, 40),
        ("Retry-After", "soon", 0, 0.5),
        ("Retry-After", "-5", 0, 0.5),
        ("Retry-After", "nan", 0, 0.5),
        ("Retry-After", "", 0, 0.5),
        ("X-Retry-After", "50", 0, 0.5),
    ],
)
def test_retry_after_is_obeyed_up_to_a_minute(status, name, value, least, most) -> None:
    value = value() if callable(value) else value
    answers = in_turn(failing(status, **{name: value}), WELL)
    with serve_in_thread(answers) as server, watched(server.url) as chat:
        assert chat.ask().text == "Well."
        assert len(chat.waits) == 1
        assert least <= chat.waits[0] <= most


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Retry-After", "61", "61 s"),
        ("Retry-After", "86400", "86400 s"),
        ("Retry-After", "9" * 30, "1000000000 s"),
        ("Retry-After-Ms", "60001", "61 s"),
        ("Retry-After", partial(in_s, 3600), r"3\d\d\d s"),
        ("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT", r"\d{12} s"),
    ],
)
def test_a_server_that_asks_for_more_than_a_minute_is_an_error_that_says_so(
    status, name, value, said
) -> None:
    value = value() if callable(value) else value
    with serve_in_thread(failing(status, **{name: value})) as server, watched(server.url) as chat:
        ending = chat.ask()
        assert (ending.status, ending.error.status) == ("error", status)
        assert re.search(f"it asks to wait {said}$", ending.says)
        assert len(server.requests) == 1


# ── Connections ────────────────────────────────────────────────────────────────────────────────


def test_a_server_that_starts_late_is_reached_at_the_third_attempt() -> None:
    with socket.socket() as late:  # bound, but not yet listening: it refuses
        late.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{late.getsockname()[1]}"
        listening, waited = threading.Event(), []

        async def start_late(_seconds: float) -> None:
            waited.append(_seconds)
            if len(waited) == 2:
                late.listen()
                listening.set()

        with watched(url, wait=start_late) as chat:
            turn = chat.begin()
            assert listening.wait(10)
            accepted, _ = late.accept()
            with accepted:
                accepted.recv(1 << 16)
                accepted.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
                    + answer_of("Well.")
                )
            assert chat.ending(turn).text == "Well."
        assert len(chat.waits) == 2


FAULTS_AFTER_THE_QUESTION = {
    "reset": reset,
    "FIN": sending(status="200 OK"),
    "silence": Connection.gone,
    "no answer": lambda connection: connection.send(b""),
    "nothing but comments": sending(b": wait\n\nretry: 10\n\n"),
    "nothing but a ping": sending(b"event: ping\ndata: {}\n\n"),
}


@pytest.mark.parametrize("fault", FAULTS_AFTER_THE_QUESTION)
def test_a_question_that_may_have_arrived_is_not_asked_again(fault: str) -> None:
    answers = in_turn(FAULTS_AFTER_THE_QUESTION[fault], WELL)
    with serve_in_thread(answers) as server, watched(server.url, **QUICK) as chat:
        ending = chat.ask()
        assert (ending.status in {"error", "interrupted"}, ending.text) == (True, "")
        assert len(server.requests) == 1


@pytest.mark.parametrize("fault", FAULTS_AFTER_THE_QUESTION)
def test_it_is_asked_again_where_the_server_knows_it_by_its_key(fault: str) -> None:
    answers = in_turn(FAULTS_AFTER_THE_QUESTION[fault], WELL)
    with serve_in_thread(answers) as server, watched(server.url, idempotent=True, **QUICK) as chat:
        assert chat.ask().text == "Well."
        chat.check_shown("Well.")
        first, second = server.requests
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
        assert first.body == second.body


@pytest.mark.parametrize("begun", [START, HELLO, b"id: 1\n" + HELLO, START + HELLO])
@pytest.mark.parametrize("idempotent", [False, True])
def test_once_an_answer_began_its_question_is_never_asked_again(begun, idempotent) -> None:
    answers = in_turn(sending(begun), WELL)
    with serve_in_thread(answers) as server, watched(server.url, idempotent=idempotent) as chat:
        ending = chat.ask()
        assert ending.status == "interrupted"
        assert ending.text == ("Hello" if HELLO in begun else "")
        assert len(server.requests) == 1


def test_an_answer_in_plain_json_counts_as_begun() -> None:
    class Whole(Printer, Provider):
        def decode_json(self, body: object) -> tuple[StreamEvent, ...]:
            return (TextDelta(str(body)),)  # and no end

    answers = in_turn(sending(b'"Hello"', content_type="application/json"), WELL)
    with serve_in_thread(answers) as server:
        chat = ChatNode(HttpSource(Whole(server.url, idempotent=True), wait=no_wait))
        with pytest.raises(Exception, match="ended before the answer was complete"):
            chat.send("Hi").result(10)
        assert chat.streamedText == "Hello"
        assert len(server.requests) == 1
        chat.close()


# ── Redirects and proxies ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("when", ["at the question", "at the resumption"])
def test_a_redirect_brings_nothing_to_another_host(status: int, when: str) -> None:
    with serve_in_thread(WELL) as elsewhere:
        host = elsewhere.url.replace("127.0.0.1", "localhost")
        away = sending(status=f"{status} Away", more={"Location": f"{host}/api/chat/stream"})
        begun = sending(b"id: 1\n" + event("stream_start", run_id="r1"))
        answers = in_turn(away) if when == "at the question" else in_turn(begun, away)
        with serve_in_thread(answers) as server, watched(server.url) as chat:
            ending = chat.ask()
        assert elsewhere.requests == []
        assert "redirects are not followed" in ending.says
        assert host not in ending.says


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_asked_for_other_machines(monkeypatch, variable) -> None:
    with serve_in_thread(in_turn(WELL)) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        chat = ChatNode(HttpSource(Printer("http://printer.invalid", token=TOKEN, insecure=True)))
        assert chat.send("Hi").result(10).content == "Well."
        assert proxy.requests[0].path == "http://printer.invalid/api/chat/stream"
        chat.close()


@pytest.mark.parametrize("proxy", ["refuses", "fails"])
def test_a_proxy_that_does_not_connect_is_a_failed_connection(monkeypatch, proxy: str) -> None:
    with serve_in_thread(sending(status="407 Who?", content_type=None)) as server:
        at = server.url if proxy == "refuses" else refused_url()
        monkeypatch.setenv("HTTPS_PROXY", at.replace("//", "//me:s3cret@"))
        chat = ChatNode(HttpSource(Printer("https://printer.invalid"), wait=no_wait))
        with pytest.raises(ConnectionFailed) as caught:
            chat.send("Hi").result(20)
        assert "s3cret" not in str(caught.value)
        if proxy == "refuses":
            assert "the proxy that the environment names did not connect" in str(caught.value)
            assert len(server.requests) == 1
        chat.close()
