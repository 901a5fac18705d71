"""Any order of tokens, pings, stalls, breaks, failed resumptions, errors, ends and stops.

The server is a script behind httpx's own seam, so that a stall takes no time: what httpx raises
for each fault is shown by the raw servers of the other tests.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from chats import WatchedChat
from printer_widget.loop import turns
from printer_widget.retry import MAX_RESUMES
from servers import END, event
from sources import drain

URL = "http://127.0.0.1:1"
BREAKS = {
    "FIN": None,
    "reset": httpx.ReadError("reset"),
    "stall": httpx.ReadTimeout("silent"),
    "cut short": httpx.RemoteProtocolError("cut"),
}
FAILURES = ("refuse", "hang", "reset", "500", "503")
REFUSALS = ("204", "401", "404", "410")
PING = b"event: ping\ndata: {}\n\n"


class Script(httpx.AsyncBaseTransport, httpx.AsyncByteStream):
    """A server of one run. It keeps what it said, and sends it to whoever is connected."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.failures: list[str] = []

    def begin(self, *, has_ids: bool, has_run: bool, sends_all_again: bool) -> None:
        """Begin a run, about which nobody has asked yet."""
        self.requests.clear()
        self.said: list[bytes] = []
        self.is_idle = False
        self._has_ids = has_ids
        self._sends_all_again = sends_all_again
        self.say(event("stream_start", **({"run_id": "r1"} if has_run else {})), at_once=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path.endswith("/stop"):
            return httpx.Response(204)
        match self.failures.pop(0) if self.failures else "":
            case "refuse":
                raise httpx.ConnectError("refused")
            case "hang":
                raise httpx.ReadTimeout("silent")
            case "reset":
                raise httpx.ReadError("reset")
            case "":
                self._queue = asyncio.Queue()
                last = 0 if self._sends_all_again else int(request.headers.get("last-event-id", 0))
                for each in self.said[last:]:
                    self._queue.put_nowait(each)
                return httpx.Response(
                    200, headers={"content-type": "text/event-stream"}, stream=self
                )
            case status:
                return httpx.Response(int(status))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        queue = self._queue
        while True:
            self.is_idle = queue.empty()
            item = await queue.get()
            self.is_idle = False
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item

    def say(self, what: bytes, *, at_once: bool = True, halves: int = 0) -> None:
        """Say an event; it may come in two pieces."""
        self.said.append((b"id: %d\n" % (len(self.said) + 1) if self._has_ids else b"") + what)
        if at_once:
            self.send(self.said[-1][:halves])
            self.send(self.said[-1][halves:])

    def send(self, item: bytes | Exception | None) -> None:
        if item != b"":
            self._queue.put_nowait(item)


class Streams(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.script = Script()
        self.chat = WatchedChat(URL, transport=self.script)
        self.status: str | None = "none yet"

    running = precondition(lambda self: self.status is None)
    ended = precondition(lambda self: self.status is not None)

    @ended
    @rule(
        has_ids=st.booleans() | st.just(True),
        has_run=st.booleans() | st.just(True),
        sends_all_again=st.booleans(),
        failures=st.lists(st.sampled_from(("refuse", "500", "503")), max_size=2),
    )
    def asks(self, has_ids, has_run, sends_all_again, failures) -> None:
        if self.status != "none yet":
            self.finish()
        self.script.begin(has_ids=has_ids, has_run=has_run, sends_all_again=sends_all_again)
        self.script.failures = list(failures)
        self.questions = len(failures) + 1
        self.resumable = has_ids and has_run
        self.has_run = has_run
        self.broke = 0  # connections since the last news
        self.sent, self.status = "", None
        self.turn = self.chat.begin()
        self.settle()

    def settle(self) -> None:
        """Wait until the client has taken all that was sent, or has ended."""
        for _ in range(100_000):
            if self.turn.done() or turns.call(lambda: self.script.is_idle):
                return
        raise AssertionError("the stream neither waits nor ends")

    def act(self, method, *args, **options) -> None:
        turns.call(method, *args, **options)
        if not self.turn.done():
            self.settle()

    @running
    @rule(token=st.text(max_size=5), halves=st.integers(0, 40))
    def token(self, token: str, halves: int) -> None:
        self.sent += token
        self.broke = 0
        self.act(self.script.say, event("message", token=token), halves=halves)

    @running
    @rule(what=st.sampled_from([PING, b": ping\n\n", b"retry: 5\n\n", b"\n"]))
    def ping(self, what: bytes) -> None:
        self.act(self.script.send, what)

    @running
    @rule(
        how=st.sampled_from(sorted(BREAKS)),
        half=st.sampled_from([b"", b"data: {", b"id: 999\nevent: error\ndata: {}\n"]),
        failures=st.lists(st.sampled_from(FAILURES), max_size=MAX_RESUMES),
    )
    def breaks_off(self, how: str, half: bytes, failures: list[str]) -> None:
        def break_off() -> None:
            self.script.is_idle = False
            self.script.failures = list(failures)
            self.script.send(half)
            self.script.send(BREAKS[how])

        self.broke += 1 + len(failures)
        if not self.resumable or self.broke >= MAX_RESUMES:
            self.status = "interrupted"
        self.act(break_off)

    @running
    @rule(refusal=st.sampled_from(REFUSALS))
    def is_refused(self, refusal: str) -> None:
        self.status = "interrupted"
        self.script.failures = [refusal]
        self.act(self.script.send, None)

    @running
    @rule()
    def fails(self) -> None:
        self.status = "error"
        self.act(self.script.say, event("error", error="No."))

    @running
    @rule()
    def ends(self) -> None:
        self.status = "complete"
        self.act(self.script.say, END)

    @running
    @rule(breaks=st.booleans())
    def stop(self, breaks: bool) -> None:
        if breaks and self.resumable and self.broke + 3 < MAX_RESUMES:
            self.script.failures = ["500", "500"]
            turns.call(self.script.send, None)  # on its way to be resumed, then
        self.status = "stopped"
        self.chat.node.stop()
        assert self.turn.done()

    begun = precondition(lambda self: self.status != "none yet")

    @begun
    @invariant()
    def what_is_displayed_was_sent(self) -> None:
        drain()
        self.chat.check_shown(self.sent)

    @begun
    @invariant()
    def it_ends_where_it_ended_and_nowhere_else(self) -> None:
        assert self.turn.done() == (self.status is not None)

    @begun
    @invariant()
    def its_question_is_asked_no_more_once_it_began(self) -> None:
        asked = [each for each in self.script.requests if each.url.path == "/api/chat/stream"]
        assert len(asked) == self.questions
        assert len({each.headers["idempotency-key"] for each in asked}) == 1

    def finish(self) -> None:
        ending = self.chat.ending(self.turn)
        assert (ending.status, ending.text) == (self.status, self.sent)
        self.chat.settle()
        stops = [each for each in self.script.requests if each.url.path.endswith("/stop")]
        needed = self.has_run and self.status in {"stopped", "interrupted"}
        assert len(stops) == (1 if needed else 0)
        assert self.script.requests[-len(stops) :] == stops or not stops

    def teardown(self) -> None:
        if self.status is None:
            self.stop(breaks=False)
        if self.status != "none yet":
            self.finish()
        self.chat.node.close()


Streams.TestCase.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
test_any_order_of_events_and_faults_keeps_to_the_rules = pytest.mark.slow(Streams.TestCase)
