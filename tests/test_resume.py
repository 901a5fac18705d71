"""An answer that broke off is resumed where its server can, and no character comes twice."""

from __future__ import annotations

import asyncio
import socket

import pytest

from chats import nothing_left_behind, watched
from printer_widget import ProviderError, StreamFormatError
from printer_widget.retry import MAX_RESUMES, RETRYABLE
from servers import (
    END,
    TOKEN,
    Connection,
    answer_of,
    event,
    in_turn,
    reset,
    resuming,
    run_of,
    sending,
    serve_in_thread,
)

EVENTS = run_of("Hel", "lo ", "né ", "😀", "!")
TEXT = "Hello né 😀!"
FIRST_TWO, KEPT = b"".join(EVENTS[:3]), "Hello "
BREAKS = sending(FIRST_TWO)
REST = resuming(EVENTS)
QUICK = {"idle_timeout_s": 0.1}


@pytest.fixture(autouse=True)
def _clean():
    with nothing_left_behind():
        yield


def asked(*answers, **options):
    """How an answer ends whose connections are answered so; with the server and the chat."""
    with serve_in_thread(in_turn(*answers)) as server, watched(server.url, **options) as chat:
        ending = chat.ask()
        chat.check_shown(TEXT)
    return ending, server, chat


# ── Complete and exact ─────────────────────────────────────────────────────────────────────────


async def cut_short(connection: Connection) -> None:
    await connection.head(more={"Content-Length": "99999"})
    await connection.send(FIRST_TWO)


async def silent_from_there(connection: Connection) -> None:
    await connection.head()
    await connection.send(FIRST_TWO)
    await connection.gone()


@pytest.mark.parametrize("breaks", [BREAKS, cut_short, silent_from_there])
def test_an_answer_that_breaks_off_is_resumed_complete_and_exact(breaks) -> None:
    ending, server, chat = asked(breaks, REST, **QUICK)
    assert (ending.status, ending.text) == ("complete", TEXT)
    assert [len(server.questions), len(server.resumes), len(server.stops)] == [1, 1, 0]
    assert chat.tried == [(2, MAX_RESUMES)]


def test_a_resumption_names_the_run_and_the_last_event_and_shows_the_token() -> None:
    _, server, _ = asked(BREAKS, REST)
    (request,) = server.resumes
    assert request.path == "/api/chat/stream/r1"
    assert request.headers["last-event-id"] == "3"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["accept"] == "text/event-stream"
    assert "idempotency-key" not in request.headers
    assert request.body == b""


def test_an_answer_may_break_off_after_each_event() -> None:
    async def one_event(connection: Connection) -> None:
        await connection.head()
        last = int(connection.request.headers.get("last-event-id", "0"))
        await connection.send(EVENTS[last])

    ending, server, chat = asked(one_event)
    assert (ending.status, ending.text) == ("complete", TEXT)
    assert len(server.resumes) == len(EVENTS) - 1
    assert set(chat.tried) == {(2, MAX_RESUMES)}  # what comes starts the count again


@pytest.mark.parametrize("back", [1, 2, 3])
def test_what_a_server_sends_again_is_dropped(back: int) -> None:
    ending, _, _ = asked(BREAKS, sending(b"".join(EVENTS[3 - back :])))
    assert (ending.status, ending.text) == ("complete", TEXT)


def test_a_server_that_sends_everything_again_each_time_is_followed_to_the_end() -> None:
    whole = b"".join(EVENTS)
    cuts = [sending(whole[: len(whole) * part // 5]) for part in range(2, 5)]
    ending, _, _ = asked(*cuts, sending(whole))
    assert (ending.status, ending.text) == ("complete", TEXT)


@pytest.mark.parametrize("status", sorted(RETRYABLE))
def test_a_resumption_that_fails_for_now_is_tried_again(status: int) -> None:
    ending, server, chat = asked(BREAKS, sending(status=f"{status} No"), reset, REST)
    assert (ending.status, ending.text) == ("complete", TEXT)
    assert len(server.resumes) == 3
    assert chat.tried == [(2, 5), (3, 5), (4, 5)]


def test_ids_need_not_be_ascii_and_go_back_as_utf8() -> None:
    events = [each.replace(b"id: ", "id: né-".encode()) for each in EVENTS]
    ending, server, _ = asked(sending(*events[:3]), sending(*events[3:]))
    assert (ending.status, ending.text) == ("complete", TEXT)
    assert server.resumes[0].headers["last-event-id"].encode("latin-1") == "né-3".encode()


@pytest.mark.parametrize(
    ("run_id", "segment"),
    [("../a?b#c/é", "..%2Fa%3Fb%23c%2F%C3%A9"), ("..", "%2E%2E"), (".", "%2E"), ("a.b", "a.b")],
)
def test_a_runs_name_may_hold_anything_and_stays_in_its_place(run_id: str, segment: str) -> None:
    events = run_of("Hel", "lo né 😀!", run_id=run_id)
    _, server, _ = asked(sending(*events[:2]), sending(*events[2:]))
    assert server.resumes[0].path == f"/api/chat/stream/{segment}"


def test_pings_without_an_id_do_not_keep_an_answer_from_being_resumed() -> None:
    ping = b"event: ping\ndata: {}\n\n"
    ending, _, _ = asked(
        sending(ping + ping.join(EVENTS[:3]) + ping), sending(ping + ping.join(EVENTS[3:]))
    )
    assert (ending.status, ending.text) == ("complete", TEXT)


# ── How long is waited ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("retry", "least", "most"),
    [
        (b"retry: 3000\n\n", 3, 3),
        (b"retry: 30001\n\n", 30, 30),
        (b"retry: 99999999999999999999\n\n", 30, 30),
        (b"retry: 3000\n\nretry: 0\n\n", 0, 0.5),
        (b"retry: soon\n\n", 0, 0.5),
        (b"", 0, 0.5),
    ],
)
@pytest.mark.parametrize("place", ["first", "last"])
def test_a_streams_reconnection_time_is_the_least_wait(retry, least, most, place: str) -> None:
    body = retry + FIRST_TWO if place == "first" else FIRST_TWO + retry
    ending, _, chat = asked(sending(body), REST)
    assert ending.text == TEXT
    assert least <= chat.waits[0] <= most


def test_it_counts_on_the_next_connections_too_until_another_is_named() -> None:
    _, _, chat = asked(
        sending(b"retry: 9000\n\n" + FIRST_TWO),
        sending(EVENTS[3]),
        sending(b"retry: 11000\n\n" + EVENTS[4]),
        sending(b"retry: 0\n\n" + EVENTS[5]),
        REST,
    )
    assert chat.waits[:3] == [9, 9, 11]
    assert chat.waits[3] <= 0.5


def test_it_counts_where_no_event_comes_after_it() -> None:
    async def says_so_and_goes(connection: Connection) -> None:
        await connection.head()
        await connection.send(FIRST_TWO)
        await asyncio.sleep(0.1)  # so that it comes on its own
        await connection.send(b"retry: 9000\n\n")

    ending, _, chat = asked(says_so_and_goes, REST)
    assert (ending.text, chat.waits) == (TEXT, [9])


@pytest.mark.parametrize(
    ("retry_after", "wait_s"), [("20", 20), ("2", 9), ("0", 9), ("soon", 9), ("60", 60)]
)
def test_retry_after_is_obeyed_where_it_is_longer(retry_after: str, wait_s: float) -> None:
    busy = sending(status="503 Busy", more={"Retry-After": retry_after})
    _, _, chat = asked(sending(b"retry: 9000\n\n" + FIRST_TWO), busy, REST)
    assert chat.waits == [9, wait_s]


# ── Not resumable ──────────────────────────────────────────────────────────────────────────────


def without_ids(events: list[bytes]) -> list[bytes]:
    return [each.partition(b"\n")[2] for each in events]


NOT_RESUMABLE = {
    "no ids": without_ids(EVENTS[:3]),
    "no run_id": [EVENTS[0].replace(b"run_id", b"other"), *EVENTS[1:3]],
    "an empty run_id": [EVENTS[0].replace(b"r1", b""), *EVENTS[1:3]],
    "one event without an id": [*EVENTS[:2], *without_ids([EVENTS[2]])],
    "two events under one id": [*EVENTS[:2], EVENTS[2].replace(b"id: 3", b"id: 2")],
    "an id taken back": [*EVENTS[:2], EVENTS[2].replace(b"id: 3", b"id")],
    "an id that no header can hold": [*EVENTS[:2], EVENTS[2].replace(b"id: 3", b"id:  3")],
}


@pytest.mark.parametrize("events", NOT_RESUMABLE.values(), ids=NOT_RESUMABLE)
@pytest.mark.parametrize("idempotent", [False, True])
def test_what_cannot_be_resumed_is_interrupted_and_asked_once(events, idempotent: bool) -> None:
    ending, server, chat = asked(sending(*events), REST, idempotent=idempotent)
    assert (ending.status, ending.text) == ("interrupted", KEPT)
    assert "ended before the answer was complete" in ending.says
    assert [len(server.questions), len(server.resumes), chat.waits] == [1, 0, []]


@pytest.mark.parametrize("status", [204, 307, 400, 401, 403, 404, 409, 410, 422])
def test_a_resumption_that_is_refused_leaves_the_answer_interrupted(status: int) -> None:
    ending, server, _ = asked(BREAKS, sending(status=f"{status} No", content_type=None), REST)
    assert (ending.status, ending.text) == ("interrupted", KEPT)
    assert f"the answer broke off and could not be resumed: HTTP {status}" in ending.says
    assert [len(server.questions), len(server.resumes)] == [1, 1]


def test_a_resumption_that_is_put_off_too_long_says_so() -> None:
    busy = sending(status="503 Busy", more={"Retry-After": "61"})
    ending, server, _ = asked(BREAKS, busy, REST)
    assert (ending.status, ending.text) == ("interrupted", KEPT)
    assert ending.says.endswith("it asks to wait 61 s")
    assert len(server.resumes) == 1


@pytest.mark.parametrize(
    "fails",
    [reset, sending(status="500 No"), sending(), sending(FIRST_TWO)],
    ids=["reset", "500", "nothing", "nothing new"],
)
def test_a_resumption_is_given_up_after_five_connections_without_any_news(fails) -> None:
    ending, server, chat = asked(BREAKS, fails)
    assert (ending.status, ending.text) == ("interrupted", KEPT)
    assert "the answer broke off and could not be resumed" in ending.says
    assert [len(server.questions), len(server.resumes)] == [1, 4]
    assert chat.tried == [(2, 5), (3, 5), (4, 5), (5, 5)]
    assert all(wait <= most for wait, most in zip(chat.waits, [0.5, 1, 2, 4], strict=True))


def test_a_server_that_is_gone_leaves_the_answer_interrupted() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    listening = socket.create_server(("127.0.0.1", 0))
    with watched(f"http://127.0.0.1:{listening.getsockname()[1]}") as chat:
        turn = chat.begin()
        accepted, _ = listening.accept()
        listening.close()
        with accepted:
            accepted.recv(1 << 16)
            accepted.sendall(head + FIRST_TWO)
        ending = chat.ending(turn)
    assert (ending.status, ending.text) == ("interrupted", KEPT)
    assert "could not be resumed: could not connect to http://127.0.0.1" in ending.says


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (sending(b"<html>", content_type="text/html"), StreamFormatError, "got text/html"),
        (sending(b'{"detail": "No."}', content_type="application/json"), ProviderError, "No."),
        (sending(b"id: 9\ndata: {\n\n"), StreamFormatError, "expected JSON"),
        (sending(b"id: 9\n" + event("error", error="No.")), ProviderError, "No."),
    ],
    ids=["a web page", "JSON", "bad JSON", "an error event"],
)
def test_a_resumption_that_is_answered_with_something_wrong_is_an_error(
    answer, error, says: str
) -> None:
    ending, server, _ = asked(BREAKS, answer, REST)
    assert (ending.status, ending.text, type(ending.error)) == ("error", KEPT, error)
    assert says in ending.says
    assert len(server.resumes) == 1


ANOTHER = [each.replace(b'"token": "', b'"token": "another ') for each in EVENTS]
ELSEWHERE = {
    "another answer under the same ids": ANOTHER,
    "an answer without ids": [answer_of("Hello ", "again")],
    "the rest without ids": without_ids(EVENTS[3:]),
}


@pytest.mark.parametrize("events", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_server_that_goes_on_elsewhere_is_not_followed(events) -> None:
    ending, server, _ = asked(BREAKS, sending(*events), REST)
    assert (ending.status, ending.text) == ("interrupted", KEPT)
    assert "did not go on where the answer broke off" in ending.says
    assert len(server.resumes) == 1


def test_a_beginning_and_an_end_without_ids_may_frame_what_is_left() -> None:
    start = event("stream_start", run_id="r1")
    ending, _, _ = asked(BREAKS, sending(start, *EVENTS[3:-1], END))
    assert (ending.status, ending.text) == ("complete", TEXT)
