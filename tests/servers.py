"""Raw HTTP servers on loopback: a test says which bytes are sent, when, and how the end comes.

A test gives an ``answer``, a coroutine function that is called with each :class:`Connection` once
its request has been read; when it returns, the connection is closed::

    async def answer(connection):
        await connection.head()
        await connection.send(event("message", token="Hi"))
        await connection.gone()          # until the client closes

    async with serve(answer) as server:
        ... server.url, server.requests

What the answer raises, other than by the client's going away, is raised again at the end.
:func:`source` and :func:`outcome` read such an answer with the HTTP source.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from printer_widget.conversation import Conversation, Message, Question
from printer_widget.errors import ChatError
from printer_widget.events import StreamEvent, TextDelta
from printer_widget.providers import Printer
from printer_widget.sources import HttpSource

_RESUME = ("GET", "/api/chat/stream/")
EVENT_STREAM = "text/event-stream"
TOKEN = "tok-5ecret"


def event(kind: str, **data: Any) -> bytes:
    """One event of the Printer protocol, as it is on the wire."""
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


START = event("stream_start", status="streaming")
END = event("stream_end", message_id="m1", status="complete")


def answer_of(*tokens: str) -> bytes:
    """A complete answer."""
    return START + b"".join(event("message", token=token) for token in tokens) + END


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One client, whose request has been read."""

    def __init__(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.request = request
        self._reader = reader
        self._writer = writer

    async def head(
        self,
        status: str = "200 OK",
        *,
        content_type: str | None = EVENT_STREAM,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """Send status and headers; the body then lasts until the connection is closed."""
        headers = {} if content_type is None else {"Content-Type": content_type}
        lines = [f"{name}: {value}\r\n" for name, value in {**headers, **(more or {})}.items()]
        await self.send(f"HTTP/1.1 {status}\r\n{''.join(lines)}\r\n".encode())

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def gone(self) -> None:
        """Wait until the client has closed the connection."""
        with suppress(ConnectionError):
            while await self._reader.read(1 << 16):
                pass

    def reset(self) -> None:
        """Break the connection off with a TCP reset instead of an orderly end."""
        # Lingering for zero seconds is what makes close() send RST (socket(7), SO_LINGER).
        opened = self._writer.get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Answer = Callable[[Connection], Awaitable[None]]


async def reset(connection: Connection) -> None:
    """Answer with a TCP reset."""
    connection.reset()


def sending(*parts: bytes, **head: Any) -> Answer:
    """An answer that sends a head and these parts, then closes the connection in good order."""

    async def answer(connection: Connection) -> None:
        await connection.head(**head)
        for part in parts:
            await connection.send(part)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """The first connection that asks, or resumes, gets the first answer; the last gets the rest.

    A stop is taken, and no messages are stored.
    """
    waiting = list(answers)

    async def answer(connection: Connection) -> None:
        path = connection.request.path
        if path.endswith("/stop"):
            await connection.head("204 No Content", content_type=None)
        elif path.startswith("/api/conversations/"):
            await connection.head("404 Not Found", content_type=None)
        else:
            await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(connection)

    return answer


def run_of(*tokens: str, run_id: str = "r1") -> list[bytes]:
    """The events of an answer that can be resumed, under the ids 1, 2, 3 …"""
    events = [
        event("stream_start", status="streaming", run_id=run_id),
        *(event("message", token=token) for token in tokens),
        END,
    ]
    return [b"id: %d\n%b" % (number, each) for number, each in enumerate(events, 1)]


def resuming(events: list[bytes]) -> Answer:
    """An answer that sends what follows the event that the client had last."""

    async def answer(connection: Connection) -> None:
        await connection.head()
        last = int(connection.request.headers.get("last-event-id", "0"))
        await connection.send(b"".join(events[last:]))

    return answer


class Server:
    """What a test sees of a server: its URL, and the requests that came."""

    def __init__(self, answer: Answer) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self._answer = answer
        self._failures: list[BaseException] = []
        self._handlers: set[asyncio.Task[None]] = set()

    @property
    def questions(self) -> list[Request]:
        return [each for each in self.requests if each.path.endswith("/api/chat/stream")]

    @property
    def resumes(self) -> list[Request]:
        return [each for each in self.requests if (each.method, each.path[:17]) == _RESUME]

    @property
    def stops(self) -> list[Request]:
        return [each for each in self.requests if each.path.endswith("/stop")]

    async def open(self) -> asyncio.Server:
        self.loop = asyncio.get_running_loop()
        listening = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        return listening

    async def close(self, listening: asyncio.Server) -> None:
        # asyncio loses a socket that was accepted, but has no transport yet when its server closes.
        for each in listening.sockets:
            self.loop.remove_reader(each.fileno())
        await asyncio.sleep(0)
        listening.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        await listening.wait_closed()
        if self._failures:
            raise self._failures[0]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = asyncio.create_task(self._handle(reader, writer))
        self._handlers.add(handler)
        handler.add_done_callback(self._handlers.discard)
        # One that is cancelled before its first step closes nothing itself.
        handler.add_done_callback(lambda _: writer.transport.abort())

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read_request(reader)
            self.requests.append(request)
            await self._answer(Connection(request, reader, writer))
            writer.close()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away, as clients do
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  # it is raised again, in the test
            self._failures.append(error)
        finally:
            if not writer.is_closing():
                writer.transport.abort()  # close() would wait for a client that does not read
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


@asynccontextmanager
async def serve(answer: Answer) -> AsyncIterator[Server]:
    """Serve on the running loop."""
    server = Server(answer)
    listening = await server.open()
    try:
        yield server
    finally:
        await server.close(listening)


@contextmanager
def serve_in_thread(answer: Answer) -> Iterator[Server]:
    """Serve on a loop and a thread of its own, for a test without a loop or with another one."""
    server = Server(answer)
    opened, failures = threading.Event(), []
    stop: list[Callable[[], object]] = []

    async def run() -> None:
        loop, stopped = asyncio.get_running_loop(), asyncio.Event()
        stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
        listening = await server.open()
        opened.set()
        await stopped.wait()
        await server.close(listening)

    def run_in_thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # noqa: BLE001  # it is raised again, in the test
            failures.append(error)
        finally:
            opened.set()

    thread = threading.Thread(target=run_in_thread)
    thread.start()
    opened.wait()
    try:
        if failures:
            raise failures[0]
        yield server
    finally:
        for function in stop:
            with suppress(RuntimeError):  # its loop has closed: opening failed
                function()
        thread.join()
    if failures:
        raise failures[0]


def refused_url() -> str:
    """A URL of loopback where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


# ── The client's side ──────────────────────────────────────────────────────────────────────────


def question(text: str = "Hi") -> Question:
    message = Message(id="m1", role="user", content=text, timestamp="")
    return Question(conversation=Conversation(messages=(message,)))


async def no_wait(_seconds: float) -> None:
    """Wait no time before another attempt, but let the loop go round."""
    await asyncio.sleep(0)


def source(url: str, *, idempotent: bool = False, **options: Any) -> HttpSource:
    options.setdefault("wait", no_wait)
    return HttpSource(Printer(url, token=TOKEN, idempotent=idempotent), **options)


async def read(source: HttpSource) -> list[StreamEvent]:
    """All events of the answer; what the source raises is raised."""
    return [event async for event in source.stream(question())]


async def outcome(source: HttpSource, *, seen: asyncio.Event | None = None) -> tuple[str, Any]:
    """The text that arrived, and the ChatError that the answer ended with (None if with none).

    ``seen`` is set at each event.
    """
    text = ""
    try:
        async for event in source.stream(question()):
            text += event.text if isinstance(event, TextDelta) else ""
            if seen is not None:
                seen.set()
    except ChatError as error:
        return text, error
    return text, None


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Check that what runs inside leaves no task and no socket behind."""
    tasks, sockets = asyncio.all_tasks(), _open_sockets()
    yield
    for _ in range(10):  # a connection that was closed needs some rounds of the loop to be gone
        await asyncio.sleep(0)
    assert asyncio.all_tasks() - tasks - {asyncio.current_task()} == set()
    assert _open_sockets() - sockets == set()


def _open_sockets() -> set[int]:
    """The file descriptors of this process that are sockets, whoever holds them."""
    sockets = set()
    for descriptor in range(256):
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                sockets.add(descriptor)
    return sockets
