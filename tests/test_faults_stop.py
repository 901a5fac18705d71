"""Stop, whatever the connection is doing: the screen freezes, and nothing more is asked."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from chats import Ending, WatchedChat, nothing_left_behind, watched
from printer_widget.sources import http
from servers import (
    TOKEN,
    Connection,
    Server,
    event,
    in_turn,
    refused_url,
    run_of,
    sending,
    serve_in_thread,
)

EVENTS = run_of("Hel", "lo ", "there")
BEGUN, KEPT = b"".join(EVENTS[:3]), "Hello "


@pytest.fixture(autouse=True)
def _clean():
    with nothing_left_behind():
        yield


class Reached:
    """A point that a stream comes to, and stays at until it is cancelled."""

    def __init__(self) -> None:
        self.reached = threading.Event()

    async def wait(self, _seconds: float) -> None:
        self.reached.set()
        await asyncio.Event().wait()

    async def answer(self, connection: Connection) -> None:
        self.reached.set()
        await connection.gone()

    async def begin(self, connection: Connection) -> None:
        await connection.head()
        await connection.send(BEGUN)
        await connection.gone()


def stopped(chat: WatchedChat, reached: Callable[[], object]) -> Ending:
    """Ask, stop where that point is reached, and check that the screen froze at once."""
    turn = chat.begin()
    assert reached()
    chat.node.stop()
    assert turn.done()
    assert chat.node.isStreaming is False
    ending = chat.ending(turn)
    assert ending.status == "stopped"
    chat.check_shown("Hello there")
    return ending


def has_shown(chat: WatchedChat, text: str) -> Callable[[], bool]:
    """Say, once asked, whether the chat displays ``text`` within some seconds."""
    shown = threading.Event()
    chat.node.observe(lambda change: change["new"] == text and shown.set(), "streamedText")
    return lambda: shown.wait(10)


@contextmanager
def full_backlog() -> Iterator[str]:
    """The URL of a server that neither accepts nor refuses a connection."""
    waiting = []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):
            client = socket.socket()
            client.setblocking(False)
            with suppress(BlockingIOError):
                client.connect(server.getsockname())
            waiting.append(client)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for client in waiting:
            client.close()


# ── Nothing more is asked ──────────────────────────────────────────────────────────────────────


def test_stop_while_waiting_for_the_next_attempt_asks_nothing_more() -> None:
    point = Reached()
    with serve_in_thread(sending(status="503 Busy")) as server:
        with watched(server.url, wait=point.wait) as chat:
            assert stopped(chat, lambda: point.reached.wait(10)).text == ""
        assert len(server.requests) == 1


def test_stop_while_waiting_for_a_refused_connection_ends_it() -> None:
    point = Reached()
    with watched(refused_url(), wait=point.wait) as chat:
        stopped(chat, lambda: point.reached.wait(10))
        assert len(chat.waits) == 1


def test_stop_while_connecting_ends_it() -> None:
    with full_backlog() as url, watched(url) as chat:
        stopped(chat, lambda: True)
        assert chat.waits == []


def test_stop_before_the_head_closes_the_connection_and_asks_nothing_more() -> None:
    point = Reached()
    with serve_in_thread(in_turn(point.answer)) as server:
        with watched(server.url) as chat:
            stopped(chat, lambda: point.reached.wait(10))
        assert len(server.requests) == 1


def test_stop_in_the_middle_keeps_what_came_and_tells_the_server_once() -> None:
    with serve_in_thread(in_turn(Reached().begin)) as server:
        with watched(server.url) as chat:
            assert stopped(chat, has_shown(chat, KEPT)).text == KEPT
            chat.node.stop()
        assert [each.method for each in server.requests] == ["POST", "POST"]
        (stop,) = server.stops
        assert stop.path == "/api/chat/stream/r1/stop"
        assert stop.headers["authorization"] == f"Bearer {TOKEN}"


def test_stop_while_waiting_for_a_resumption_tells_the_server_once() -> None:
    point = Reached()
    with serve_in_thread(in_turn(sending(BEGUN))) as server:
        with watched(server.url, wait=point.wait) as chat:
            assert stopped(chat, lambda: point.reached.wait(10)).text == KEPT
        assert [len(server.resumes), len(server.stops), len(server.requests)] == [0, 1, 2]


def test_stop_during_a_resumption_tells_the_server_once() -> None:
    point = Reached()
    with serve_in_thread(in_turn(sending(BEGUN), point.answer)) as server:
        with watched(server.url) as chat:
            assert stopped(chat, lambda: point.reached.wait(10)).text == KEPT
        assert [len(server.resumes), len(server.stops), len(server.requests)] == [1, 1, 3]


def test_stop_tells_nobody_where_the_run_has_no_name() -> None:
    async def nameless(connection: Connection) -> None:
        await connection.head()
        await connection.send(event("message", token=KEPT))
        await connection.gone()

    with serve_in_thread(in_turn(nameless)) as server:
        with watched(server.url) as chat:
            stopped(chat, has_shown(chat, KEPT))
        assert len(server.requests) == 1


def test_closing_the_chat_stops_it_as_well() -> None:
    with serve_in_thread(in_turn(Reached().begin)) as server:
        with watched(server.url) as chat:
            shown = has_shown(chat, KEPT)
            turn = chat.begin()
            assert shown()
        assert turn.result(0).status == "stopped"
        assert len(server.stops) == 1


# ── The server's part ──────────────────────────────────────────────────────────────────────────


async def failing(connection: Connection) -> None:
    await connection.head("500 No")


@pytest.mark.parametrize(
    "answer",
    [failing, Connection.gone, lambda connection: connection.send(b"\0\r\n\r\n")],
    ids=["fails", "is silent", "speaks no HTTP"],
)
def test_a_stop_that_the_server_does_not_take_changes_nothing(answer, monkeypatch) -> None:
    monkeypatch.setattr(http, "_STOP_LIMIT_S", 0.1)

    async def run(connection: Connection) -> None:
        stop = connection.request.path.endswith("/stop")
        await (answer(connection) if stop else Reached().begin(connection))

    with serve_in_thread(run) as server:
        with watched(server.url) as chat:
            assert stopped(chat, has_shown(chat, KEPT)).text == KEPT
        assert len(server.stops) == 1


def ended(server: Server, **options) -> str:
    with watched(server.url, **options) as chat:
        return chat.ask().status


def test_an_answer_that_ended_needs_no_stop() -> None:
    failed = EVENTS[0] + b"id: 2\n" + event("error", error="No.")
    for body, status in ((b"".join(EVENTS), "complete"), (failed, "error")):
        with serve_in_thread(in_turn(sending(body))) as server:
            assert ended(server) == status
            assert server.stops == []


def test_an_answer_that_is_given_up_is_stopped_at_its_server() -> None:
    bad = sending(BEGUN + b"id: 4\ndata: {\n\n")
    for answer, status in ((bad, "error"), (sending(BEGUN), "interrupted")):
        with serve_in_thread(in_turn(answer)) as server:
            assert ended(server) == status
            assert len(server.stops) == 1
