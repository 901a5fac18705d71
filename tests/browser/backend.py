"""A Printer backend whose every byte a test decides, and which notes when its client goes away.

It runs on a thread of the test's own process, so that its clock is the test's: ``time.monotonic``.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

TOKEN = "made-up-token"
PATIENCE_S = 30.0

T = TypeVar("T")

_HEAD = (
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/event-stream\r\n"
    "Cache-Control: no-cache\r\n"
    "Transfer-Encoding: chunked\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What every question is answered with, instead of a stream."""

    status: int
    body: str
    content_type: str = "application/json"

    def to_bytes(self) -> bytes:
        body = self.body.encode()
        head = (
            f"HTTP/1.1 {self.status} Reason\r\nContent-Type: {self.content_type}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + body


class Answer:
    """One question that came in, and the answer to it; its methods may be called by any thread.

    Attributes:
        question: the body of the request.
        text: everything said so far.
        gone: set when the client has closed the connection before the answer's end.
        gone_at: when that was, on the monotonic clock.
    """

    def __init__(self, question: dict[str, Any], connection: _Connection) -> None:
        self.question = question
        self.text = ""
        self.gone = threading.Event()
        self.gone_at = 0.0
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._ended = False

    @property
    def shown(self) -> str:
        """What of the text can be shown: half a surrogate pair at its end waits for the other."""
        return self.text[:-1] if "\ud800" <= self.text[-1:] <= "\udbff" else self.text

    def say(self, *tokens: str) -> None:
        """Send the tokens, each as an event of its own."""
        self.text = _join(self.text + "".join(tokens))
        self._write("".join(_event("message", {"token": token}) for token in tokens))

    def say_all(self, tokens: Sequence[str], *, per_second: float) -> threading.Event:
        """Send the tokens at a pace; the event is set when all are sent, or nobody listens."""
        done = threading.Event()
        started = time.monotonic()

        def go_on(at: int) -> None:
            due = min(len(tokens), int((time.monotonic() - started) * per_second) + 1)
            if due > at:
                self.say(*tokens[at:due])
            if due >= len(tokens) or self.gone.is_set() or self._ended:
                done.set()
            else:
                self._loop.call_later(max(1 / per_second, 0.002), go_on, due)

        self._loop.call_soon_threadsafe(go_on, 0)
        return done

    def babble(self, *, per_second: float = 50) -> None:
        """Say numbered words until the client has gone."""
        self.say_all([f"word-{at} " for at in range(100_000)], per_second=per_second)

    def end(self) -> None:
        """End the answer as complete, and whatever is being said."""

        def end() -> None:
            self._ended = True
            event = _event("stream_end", {"message_id": "", "status": "complete"})
            self._connection.send(event.encode())
            self._connection.finish()

        self._loop.call_soon_threadsafe(end)

    def fail(self, sentence: str) -> None:
        """Let the server say that it cannot go on."""
        self._ended = True
        self._write(_event("error", {"error": sentence}))
        self._loop.call_soon_threadsafe(self._connection.finish)

    def break_off(self) -> None:
        """Let the server die in the middle of the answer."""
        self._ended = True
        self._loop.call_soon_threadsafe(self._connection.abort)

    def wait_gone(self) -> float:
        """Wait until the client has closed the connection; return when, on the monotonic clock."""
        assert self.gone.wait(PATIENCE_S), "the client never closed its connection"
        return self.gone_at

    def note_gone(self) -> None:
        if not self._ended and not self.gone.is_set():
            self.gone_at = time.monotonic()
            self.gone.set()

    def _write(self, text: str) -> None:
        data = text.encode()
        self._loop.call_soon_threadsafe(self._connection.send, data)


class Backend:
    """The server.

    Attributes:
        token: the one that is accepted.
        refusal: while it is set, what every question gets.
        questions: the bodies of the requests that were accepted.
    """

    def __init__(self) -> None:
        self.token = TOKEN
        self.refusal: Refusal | None = None
        self.questions: list[dict[str, Any]] = []
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self.port = 0
        self.open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Listen, on the same port as before."""
        make: Callable[[], _Connection] = lambda: _Connection(self)  # noqa: E731
        coroutine = self._loop.create_server(make, "127.0.0.1", self.port)
        self._server = asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(5)
        self.port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Listen no more: the port refuses connections."""
        self._call(self._server.close)

    def next_answer(self) -> Answer:
        """Wait for the next question; the head of the answer's stream is sent already."""
        try:
            return self._answers.get(timeout=PATIENCE_S)
        except queue.Empty:
            raise AssertionError("no question reached the backend") from None

    def close(self) -> None:
        """End the thread, with every connection."""
        self.shut()

        async def end() -> None:
            connections = tuple(self._connections)
            for connection in connections:
                connection.abort()
            await asyncio.gather(*(connection.closed for connection in connections))
            self._loop.stop()

        asyncio.run_coroutine_threadsafe(end(), self._loop)
        self._thread.join(5)
        self._loop.close()

    def took(self, question: dict[str, Any], connection: _Connection) -> Answer:
        answer = Answer(question, connection)
        self.questions.append(question)
        self._answers.put(answer)
        return answer

    def _call(self, function: Callable[[], T]) -> T:
        async def call() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(5)


class _Connection(asyncio.Protocol):
    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._received = b""
        self._transport: Any = None
        self._answer: Answer | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._backend._connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        headers = _headers(head)
        if not blank or len(body) < int(headers.get("content-length", 0)):
            return
        self._received = b""
        refusal = self._backend.refusal
        if headers.get("authorization") != f"Bearer {self._backend.token}":
            refusal = Refusal(401, json.dumps({"detail": "no such token"}))
        if refusal is not None:
            self._transport.write(refusal.to_bytes())
            self._transport.close()
            return
        self._transport.write(_HEAD.encode())
        self.send(_event("stream_start", {"status": "streaming"}).encode())
        self._answer = self._backend.took(json.loads(body), self)

    def eof_received(self) -> None:
        if self._answer is not None:
            self._answer.note_gone()

    def connection_lost(self, error: Exception | None) -> None:
        self._backend._connections.discard(self)
        self.eof_received()
        self.closed.set_result(None)

    def send(self, data: bytes) -> None:
        if data and not self._transport.is_closing():
            self._transport.write(b"%x\r\n%s\r\n" % (len(data), data))

    def finish(self) -> None:
        self._answer = None
        if not self._transport.is_closing():
            self._transport.write(b"0\r\n\r\n")

    def abort(self) -> None:
        self._transport.abort()


def cut(text: str, units: int) -> list[str]:
    """Cut ``text`` into tokens of so many UTF-16 code units: astral characters fall apart."""
    raw = text.encode("utf-16-le")
    pieces: Iterable[bytes] = (raw[at : at + 2 * units] for at in range(0, len(raw), 2 * units))
    return [piece.decode("utf-16-le", "surrogatepass") for piece in pieces]


def _join(text: str) -> str:
    """Join surrogate halves that met, and leave those that are still alone."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
