"""What arrives on an answer's connections: written down as it comes, and played as it came.

Beside http.py the one module that knows httpx: recording takes the place of a response, and
playing that of the network, so that all that reads a response stays as it is.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

import httpx

from .. import errors
from ..cassette import Chunk, Ending, Entry, Exchange, Secrets, event_of, json_of, kept
from ..events import ReasoningDelta, StreamEvent, TextDelta, ToolCallDelta
from ..providers.base import RequestSpec
from .http import Opening

_CODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class Tape:
    """What came of one answer so far; its repr shows nothing of that.

    Args:
        clock: gives the time in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.secrets = Secrets()
        self.exchanges: list[Exchange] = []
        self.events: list[Chunk] = []
        self.said: list[str] = []
        self._clock = clock
        self._began = clock()
        self._heard = 0
        self._heard_before = 0
        self._is_taken = True

    @property
    def now_ms(self) -> int:
        """The time since the asking, in ms."""
        return round((self._clock() - self._began) * 1000)

    def hear(self, event: StreamEvent, *, keep: bool) -> None:
        """Take an event of the answer, and keep it where no bytes are taped."""
        self._heard += 1
        self.said.append(text_of(event))
        if keep:
            self.events.append(Chunk(self.now_ms, json_of(event)))

    def cut(self) -> None:
        """Drop the last chunk, if Stop came before any of it was read."""
        if not self._is_taken and self._heard == self._heard_before:
            self.exchanges[-1].chunks.pop()

    @asynccontextmanager
    async def connection(
        self, spec: RequestSpec, opening: Opening
    ) -> AsyncIterator[httpx.Response]:
        """Open a connection and write down what comes."""
        self.secrets.learn_request(spec)
        exchange = Exchange(self.now_ms, spec.method, _bare(spec.url))
        self.exchanges.append(exchange)
        try:
            async with opening as response:
                pairs = response.headers.multi_items()
                self.secrets.learn_cookies(pairs)
                exchange.status, exchange.response_at_ms = response.status_code, self.now_ms
                exchange.headers = kept(pairs, datetime.now(UTC))
                plain = [(name, value) for name, value in pairs if name.lower() not in _CODED]
                async with aclosing(_Arriving(self._chunks(response, exchange))) as stream:
                    yield httpx.Response(response.status_code, headers=plain, stream=stream)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            exchange.failure, exchange.end_at_ms = type(error).__name__, self.now_ms
            raise

    async def _chunks(
        self, response: httpx.Response, exchange: Exchange
    ) -> AsyncGenerator[bytes, None]:
        async for data in response.aiter_bytes():
            exchange.chunks.append(Chunk(self.now_ms, data))
            self._is_taken, self._heard_before = False, self._heard
            yield data
            self._is_taken = True
        exchange.failure, exchange.end_at_ms = "", self.now_ms


class _Arriving(httpx.AsyncByteStream):
    """The body of a response, whose generator is closed with it."""

    def __init__(self, chunks: AsyncGenerator[bytes, None]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks

    async def aclose(self) -> None:
        await self._chunks.aclose()


class Stopped(Exception):
    """The recorded turn was stopped here."""


class Player:
    """Plays one recorded turn.

    Args:
        entry: the turn.
        speed: how many times faster than it was; 0: without any waiting.
        clock: gives the time in seconds.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        entry: Entry,
        *,
        speed: float,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self._entry = entry
        self._left: Iterator[Exchange] = iter(entry.exchanges)
        self._speed = speed
        self._clock = clock
        self._sleep = sleep
        self._began = clock()
        self.is_over = False

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        """What stands for the network: each request gets the next recorded connection."""
        return httpx.MockTransport(self._answer)

    async def events(self) -> AsyncGenerator[StreamEvent, None]:
        """Yield the events of a turn that has no connections."""
        for chunk in self._entry.events:
            await self._until(chunk.at_ms)
            yield event_of(chunk.data)
        if self._entry.ending.kind != "complete":
            await self._end()

    async def _answer(self, _request: httpx.Request) -> httpx.Response:
        exchange = None if self.is_over else next(self._left, None)
        if exchange is None:
            if not self.is_over:
                await self._end()
            return httpx.Response(httpx.codes.NO_CONTENT)  # the server is told of Stop
        if exchange.status is None:
            await self._break(exchange)
        await self._until(exchange.response_at_ms)
        headers = [(name.encode(), value.encode()) for name, value in exchange.headers]
        return httpx.Response(
            exchange.status or 0, headers=headers, stream=_Arriving(self._body(exchange))
        )

    async def _body(self, exchange: Exchange) -> AsyncGenerator[bytes, None]:
        for chunk in exchange.chunks:
            await self._until(chunk.at_ms)
            yield chunk.data
        if exchange.failure is None:
            await self._end()
        elif exchange.failure:
            await self._break(exchange)
        else:
            await self._until(exchange.end_at_ms)

    async def _break(self, exchange: Exchange) -> NoReturn:
        if exchange.failure is None:
            await self._end()
        await self._until(exchange.end_at_ms)
        kind: Any = getattr(httpx, exchange.failure or "", None)
        is_one = isinstance(kind, type) and issubclass(kind, httpx.RequestError | httpx.InvalidURL)
        broke: Exception = (kind if is_one else httpx.NetworkError)("as it was recorded")
        raise broke

    async def _end(self) -> None:
        """Wait for the turn's ending and be it, where that is not in what arrives."""
        ending = self._entry.ending
        await self._until(ending.at_ms)
        if ending.kind == "stopped":
            raise Stopped
        if ending.kind == "failed":
            raise error_of(ending)

    async def _until(self, at_ms: int) -> None:
        if self._speed:
            wait_s = self._began + at_ms / 1000 / self._speed - self._clock()
            if wait_s > 0:
                await self._sleep(wait_s)


def text_of(event: StreamEvent) -> str:
    """Return what an event adds to what the model said, thought or asked for."""
    match event:
        case TextDelta(text) | ReasoningDelta(text) | ToolCallDelta(arguments=text):
            return text
        case _:
            return ""


def error_of(ending: Ending) -> errors.ChatError:
    """Return the error that a turn failed with."""
    kind: Any = getattr(errors, ending.name, None)
    is_one = isinstance(kind, type) and issubclass(kind, errors.ChatError)
    return (kind if is_one else errors.ProviderError)(ending.sentence)


def _bare(url: str) -> str:
    """Return a URL without user, password, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
