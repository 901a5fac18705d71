"""60,000 events that came at once: Stop, the flush and every other turn still get their time.

Counted in events between two rounds of the loop, as a clock would measure the machine; the
milliseconds are printed beside it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from chats import WatchedChat, nothing_left_behind
from printer_widget import ChatNode, TextDelta
from printer_widget.loop import turns
from servers import answer_of, run_of, sending, serve_in_thread, source

pytestmark = pytest.mark.slow

EVENTS = 60_000
BODY = answer_of(*["token "] * EVENTS)
FAIR = EVENTS // 10


class AllAtOnce(httpx.AsyncBaseTransport, httpx.AsyncByteStream):
    """A transport that has the whole answer, and hands it over in such pieces without a pause."""

    def __init__(self, piece: int, body: bytes = BODY) -> None:
        self._pieces = [body[at : at + piece] for at in range(0, len(body), piece)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


class Rounds:
    """Counts the events that a source yields between two rounds of the turns' loop."""

    def __init__(self, source) -> None:
        self.label = source.label
        self.events = self.most = self.rounds = self.longest_quiet = self._quiet = 0
        self.longest_s = 0.0
        self.at = {}
        self._source = source
        self._running = True

    async def stream(self, question):
        turns.loop.call_soon(self._round, 0, time.thread_time())
        try:
            async for event in self._source.stream(question):
                self.events += isinstance(event, TextDelta)
                yield event
        finally:
            self._running = False

    def _round(self, events: int, then: float) -> None:
        now = time.thread_time()  # of this thread alone: the machine may be busy with others
        self.rounds += 1
        self.most = max(self.most, self.events - events)
        self.longest_s = max(self.longest_s, now - then)
        self._quiet = self._quiet + 1 if self.events == events else 0
        self.longest_quiet = max(self.longest_quiet, self._quiet)
        for at, act in [each for each in self.at.items() if each[0] <= self.events]:
            del self.at[at]
            turns.post(act)
        if self._running:
            turns.loop.call_soon(self._round, self.events, now)

    def report(self) -> None:
        self._running = False
        print(f"{self.events} events, {self.rounds} rounds, longest {self.longest_s * 1e3:.1f} ms")  # noqa: T201


@pytest.mark.parametrize("piece", [1 << 12, 1 << 16, len(BODY)], ids=["4 kB", "64 kB", "all"])
def test_a_flood_leaves_the_loop_its_rounds_and_the_screen_its_flushes(
    piece: int,
) -> None:
    rounds = Rounds(source("http://127.0.0.1:1", transport=AllAtOnce(piece)))
    chat = ChatNode(rounds)
    shown = [0]
    chat.observe(lambda change: shown.append(rounds.events), "streamedText")
    assert chat.send("Hi").result(30).content == "token " * EVENTS
    rounds.report()
    assert rounds.most < FAIR
    assert rounds.rounds > EVENTS / FAIR
    assert max(after - before for before, after in itertools.pairwise(shown)) < 2 * FAIR
    chat.close()


def test_a_flood_from_a_server_leaves_the_loop_its_rounds() -> None:
    with nothing_left_behind(), serve_in_thread(sending(BODY)) as server:
        rounds = Rounds(source(server.url))
        chat = ChatNode(rounds)
        assert chat.send("Hi").result(30).content == "token " * EVENTS
        chat.close()
    rounds.report()
    assert rounds.most < FAIR


@pytest.mark.parametrize("piece", [1 << 12, 1 << 16, len(BODY)], ids=["4 kB", "64 kB", "all"])
def test_stop_is_heard_within_a_flood(piece: int) -> None:
    rounds = Rounds(source("http://127.0.0.1:1", transport=AllAtOnce(piece)))
    chat = ChatNode(rounds)
    heard = []

    def stop() -> None:
        heard.append(rounds.events)
        chat.stop()

    rounds.at[EVENTS // 3] = stop
    reply = chat.send("Hi").result(30)
    rounds.report()
    assert reply.status == "stopped"
    assert EVENTS // 3 <= heard[0] < EVENTS // 3 + 2 * FAIR
    assert len(reply.content) <= len("token ") * heard[0]
    chat.close()


@pytest.mark.parametrize("piece", [1 << 12, 1 << 16, len(BODY)], ids=["4 kB", "64 kB", "all"])
def test_what_a_server_sends_again_is_dropped_without_holding_the_loop_up(piece: int) -> None:
    events = run_of(*["token "] * EVENTS)

    again = b"".join(events)

    class Twice(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            cut = len(again) // 2 if request.method == "POST" else None
            return await AllAtOnce(piece, again[:cut]).handle_async_request(request)

    rounds = Rounds(source("http://127.0.0.1:1", transport=Twice()))
    chat = ChatNode(rounds)
    assert chat.send("Hi").result(30).content == "token " * EVENTS
    rounds.report()
    # Nothing of half the bytes is an event of the answer, so the rounds in them are counted.
    assert rounds.longest_quiet > len(again) / 2 / (1 << 18)
    chat.close()


def test_a_flood_is_displayed_in_order_and_whole() -> None:
    chat = WatchedChat("http://127.0.0.1:1", transport=AllAtOnce(1 << 16))
    assert chat.ask().status == "complete"
    chat.check_shown("token " * EVENTS)
    chat.node.close()
