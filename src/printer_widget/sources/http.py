"""A provider's answer over HTTP: open, bound, read, close. The only module that knows httpx.

What it keeps to: a connect limit, and an idle limit that any byte resets (a comment too: that is
what pings are for); 200 and the right content type, or a sentence on what came instead; redirects
are not followed, as they would carry the question and the token elsewhere; the stream is
complete only if the provider's end was seen. What fails is tried again by the rules of retry.py:
before the first event the question, after it what is left of the answer, where the server can say
that, and with no event twice.

Each answer has a client of its own: its life is then the answer's, on whatever loop, and no
socket outlives it. What is expensive about a client is its TLS context, so that is shared.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from copy import copy
from datetime import UTC, datetime
from functools import cache, partial
from math import ceil
from typing import Any
from urllib.parse import urlsplit

import httpx

from ..batching import join_surrogates
from ..conversation import ConversationInfo, Message, Question
from ..errors import (
    ChatError,
    ConnectionFailed,
    ProviderError,
    StreamFormatError,
    StreamInterrupted,
    StreamTooLarge,
)
from ..events import (
    FinishReason,
    Reconnecting,
    StreamEnd,
    StreamError,
    StreamEvent,
    StreamStart,
)
from ..providers.base import Provider, RequestSpec, is_loopback, parse_json, shorten
from ..retry import LONGEST_WAIT_S, RETRYABLE, retry_after_s
from ..sse import MAX_EVENT_BYTES, EventStreamDecoder, ServerSentEvent
from .base import Archive
from .connection import HangUp, paced
from .run import Broken, Run, refused

_NEVER_ARRIVED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_STOP_LIMIT_S = 5.0
_ERROR_BODY_LIMIT_S = 5.0

_SLICE_BYTES = 1 << 14
_SLICE_S = 0.002
"""How long what came at once is decoded before others have their turn on the loop, in seconds."""

_EARLY = "the stream ended before the answer was complete: the server closed it early"
_WORDLESS = "without a word; is the conversation too long for the model?"

_WHOLE = ServerSentEvent("message", "", "")
"""Stands for an answer that came as one piece of JSON: an event without an id."""

_telling: set[asyncio.Task[None]] = set()

Opening = AbstractAsyncContextManager[httpx.Response]
"""A request that is sent when it is entered, and gives the response."""

MAX_ERROR_BYTES = 64 << 10
"""How much of an error's body is read: 64 KiB."""

MAX_JSON_BYTES = 4 << 20
"""How much of an answer that came as plain JSON is read: 4 MiB."""


class HttpSource:
    """Stream a provider's answers.

    Args:
        provider: the protocol, and where it is spoken.
        connect_timeout_s: the longest wait for a connection, in seconds.
        idle_timeout_s: the longest silence of the server, in seconds, before and between bytes.
        max_event_bytes: the limit of one event of the stream.
        transport: an httpx transport to use instead of the network.
        wait: how to wait before another attempt, given the seconds; a test passes its own.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        connect_timeout_s: float = 10.0,
        idle_timeout_s: float = 120.0,
        max_event_bytes: int = MAX_EVENT_BYTES,
        transport: httpx.AsyncBaseTransport | None = None,
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._provider = provider
        self._timeout = httpx.Timeout(idle_timeout_s, connect=connect_timeout_s)
        self._max_event_bytes = max_event_bytes
        self._transport = transport
        self._wait = wait
        self._way: Callable[[RequestSpec, Opening], Opening] = lambda _, opening: paced(opening)

    def __repr__(self) -> str:
        """Return the provider's repr, which shows nothing secret."""
        return f"HttpSource({self._provider!r})"

    def taped(self, connection: Callable[[RequestSpec, Opening], Opening]) -> HttpSource:
        """Return this source with another way into each connection of an answer."""
        other = copy(self)
        other._way = connection  # noqa: SLF001  # it is one of us
        return other

    @property
    def provider(self) -> Provider:
        """The protocol, and where it is spoken."""
        return self._provider

    @property
    def label(self) -> str:
        """The model that is asked, or the host."""
        return join_surrogates(self._provider.label)

    async def stream(self, question: Question) -> AsyncIterator[StreamEvent]:
        """Yield the events of the answer; where it breaks off, try again by the rules of retry.py.

        Raises:
            ConnectionFailed: if no answer began.
            ProviderError: if the server says that it failed, by status or by an event.
            StreamFormatError: if what came is not the provider's protocol.
            StreamInterrupted: if the stream broke off, or was silent for too long.
            StreamTooLarge: if one event is larger than its limit.
        """
        run = Run()
        try:
            while True:
                broken: Broken | None = None
                try:
                    async with aclosing(self._attempt(question, run)) as events:
                        async for event in events:
                            yield event
                            if isinstance(event, StreamEnd):
                                return
                except Broken as error:
                    broken = error
                except ChatError as error:
                    failure = error
                    break
                failure, wait_s = run.judge(broken, self._provider, dice=random.random())  # noqa: S311
                if wait_s is None:
                    break
                yield Reconnecting(run.failures + 1, run.limit)
                await self._wait(wait_s)
        finally:
            if run.id is not None and not run.ended:
                self._tell_stop(run.id)
        # Raised outside of any except block: httpx's exception holds the request with its token,
        # and would be reachable as the context of ours. A traceback can be shown with the values
        # of its frames, so those that read what the server sent are no part of it.
        raise failure.with_traceback(None)

    @property
    def archive(self) -> Archive | None:
        """What the server keeps of conversations; None where it keeps none."""
        return self if self._provider.conversations("") is not None else None

    async def stored(self, conversation_id: str) -> tuple[Message, ...]:
        """Return the messages that the server keeps of a conversation; see :class:`Archive`."""
        body = await self._exchange(self._provider.history(conversation_id))
        return self._provider.decode_history(body)

    async def conversations(self, chat_node_id: str) -> tuple[ConversationInfo, ...]:
        """Return the conversations that the server keeps for a widget; see :class:`Archive`."""
        body = await self._exchange(self._provider.conversations(chat_node_id))
        return self._provider.decode_conversations(body)

    async def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title; see :class:`Archive`."""
        await self._exchange(self._provider.rename(conversation_id, title))

    async def remove(self, conversation_id: str) -> None:
        """Delete a conversation; see :class:`Archive`."""
        await self._exchange(self._provider.remove(conversation_id))

    async def _exchange(self, spec: RequestSpec | None) -> Any:
        """Send one request and return the JSON of its answer; None where that has no body."""
        if spec is None:
            raise ProviderError(f"{self._provider.url} keeps no conversations")
        body = b""
        try:
            async with await self._client() as client, self._open(client, spec) as response:
                if not response.is_success:
                    raise (await self._refusal(response)).failure
                body = await _read(response, MAX_JSON_BYTES)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            failure = self._explain(error, began=False)
        else:
            return self._parsed(body, where="the answer") if body else None
        raise failure

    async def _attempt(self, question: Question, run: Run) -> AsyncGenerator[StreamEvent, None]:
        """Yield the events of one connection: of the question, or of what is left of the run."""
        connect = partial(run.connect, self._provider, question)
        spec = await asyncio.to_thread(connect) if self._provider.may_block else connect()
        answered = False
        try:
            async with (
                await self._client() as client,
                self._way(spec, self._open(client, spec)) as response,
            ):
                answered = response.status_code == httpx.codes.OK
                if not answered:
                    raise await self._refusal(response)
                async with aclosing(self._events(response, run)) as events:
                    async for event in events:
                        yield event
            broken = Broken(StreamInterrupted(_EARLY if run.began else f"{_EARLY}, {_WORDLESS}"))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            broken = Broken(
                self._explain(error, began=answered),
                never_arrived=isinstance(error, _NEVER_ARRIVED),
                hopeless=isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol),
            )
        if run.finished and self._provider.ends_at_finish:
            yield StreamEnd()
            return
        raise broken

    def _tell_stop(self, run_id: str) -> None:
        """Tell the server to end a run: it may keep one going that could be resumed."""
        spec = self._provider.stop(run_id)
        if spec is not None:
            task = asyncio.get_running_loop().create_task(self._post(spec))
            _telling.add(task)
            task.add_done_callback(_telling.discard)

    async def _post(self, spec: RequestSpec) -> None:
        with suppress(httpx.HTTPError, httpx.InvalidURL, ChatError, TimeoutError):
            async with (
                asyncio.timeout(_STOP_LIMIT_S),
                await self._client() as client,
                self._open(client, spec),
            ):
                pass

    async def _client(self) -> httpx.AsyncClient:
        parts = urlsplit(self._provider.url)
        # A proxy of the environment cannot reach this machine's own loopback.
        trust_env = not is_loopback(parts.hostname or "")
        # Building the TLS context reads every certificate authority: 0.7 to 1.8 s.
        secure = parts.scheme == "https" and self._transport is None
        verify = await asyncio.to_thread(_tls_context) if secure else _no_tls_context()
        with suppress(ImportError, ValueError):
            return httpx.AsyncClient(
                verify=verify,
                trust_env=trust_env,
                timeout=self._timeout,
                follow_redirects=False,
                transport=self._transport,
            )
        raise ConnectionFailed(
            "the proxy that the environment names (ALL_PROXY, HTTPS_PROXY, HTTP_PROXY) cannot be "
            "used: expected an http:// or https:// URL; socks5:// needs: pip install 'httpx[socks]'"
        )

    def _open(self, client: httpx.AsyncClient, spec: RequestSpec) -> Opening:
        headers = {"Accept-Encoding": "identity", "Cache-Control": "no-store", **spec.headers}
        body = None
        if spec.json is not None:
            headers["Content-Type"] = "application/json"
            # httpx's own json= fails on a lone surrogate, which a text of any origin may hold.
            body = join_surrogates(json.dumps(dict(spec.json), ensure_ascii=False)).encode()
        # An event's id is UTF-8 and goes back as such (HTML standard, section 9.2.4).
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        trace = {"trace": HangUp().trace}
        return client.stream(spec.method, spec.url, headers=encoded, content=body, extensions=trace)

    async def _events(
        self, response: httpx.Response, run: Run
    ) -> AsyncGenerator[StreamEvent, None]:
        named = response.headers.get("content-type", "").partition(";")[0].strip()
        kind = named.lower()
        if kind == "application/json":
            body = await _read(response, MAX_JSON_BYTES)
            events = self._provider.decode_json(self._parsed(body, where="the answer"))
            for event in run.take(_WHOLE, events):
                yield _checked(event)
            return
        if kind != "text/event-stream":
            raise StreamFormatError(
                f"expected an event stream (text/event-stream) from {self._provider.url}, got "
                f"{shorten(named, 60, redact=self._provider.redact) or 'no content type'}: "
                "is this the right URL?"
            )
        decoder = EventStreamDecoder(max_event_bytes=self._max_event_bytes)
        clock = asyncio.get_running_loop().time
        went_on_at = clock()
        async for chunk in response.aiter_bytes():
            # All may be there at once, and none of it news that the reader could pause at.
            for at in range(0, len(chunk), _SLICE_BYTES):
                if clock() - went_on_at > _SLICE_S:
                    await asyncio.sleep(0)
                    went_on_at = clock()
                frames = decoder.feed(chunk[at : at + _SLICE_BYTES])
                if decoder.retry_ms is not None:
                    run.retry_ms = decoder.retry_ms
                for frame in frames:
                    for event in run.take(frame, self._provider.decode(frame)):
                        if isinstance(event, StreamStart):
                            run.id = event.run_id or run.id
                        run.ended = isinstance(event, StreamEnd | StreamError)
                        run.finished |= isinstance(event, FinishReason)
                        yield _checked(event)
        decoder.feed(b"")

    def _parsed(self, body: bytes, *, where: str) -> Any:
        return parse_json(body, where=where, redact=self._provider.redact)

    async def _refusal(self, response: httpx.Response) -> Broken:
        status = response.status_code
        if response.is_redirect:
            return refused(
                f"HTTP {status}: {self._provider.url} redirects elsewhere, and redirects are not "
                "followed: they would carry the question and the token to another server. "
                "Use the final URL",
                status=status,
            )
        body = b""
        with suppress(httpx.HTTPError, TimeoutError):  # the status alone says enough
            async with asyncio.timeout(_ERROR_BODY_LIMIT_S):
                body = await _read(response, MAX_ERROR_BYTES, cut=True)
        sentence = self._provider.decode_error(status, body)
        if status not in RETRYABLE:
            return refused(sentence, status=status)
        wait_s = retry_after_s(response.headers, datetime.now(UTC))
        if wait_s is not None and wait_s > LONGEST_WAIT_S:
            return refused(f"{sentence}; it asks to wait {ceil(wait_s)} s", status=status)
        failure = ProviderError(sentence, status=status)
        return Broken(failure, never_arrived=True, wait_s=wait_s)

    def _explain(self, error: Exception, *, began: bool) -> ChatError:
        url = self._provider.url
        match error:
            case httpx.ConnectTimeout() | httpx.PoolTimeout():
                return ConnectionFailed(
                    f"no connection to {url} within {self._timeout.connect:g} s: is it reachable?"
                )
            case httpx.TimeoutException() if began:
                return StreamInterrupted(
                    f"the server was silent for {self._timeout.read:g} s in the middle of the "
                    "answer"
                )
            case httpx.TimeoutException():
                return ConnectionFailed(f"{url} did not answer within {self._timeout.read:g} s")
            case httpx.ProxyError():
                return ConnectionFailed(
                    f"the proxy that the environment names did not connect to {url}"
                )
            case httpx.ConnectError():
                return ConnectionFailed(
                    f"could not connect to {url}: is the server running, and is the URL right?"
                )
            case httpx.InvalidURL() | httpx.UnsupportedProtocol():
                return ConnectionFailed(f"{url} is not a URL that can be opened")
            case _ if began:
                return StreamInterrupted("the connection broke off in the middle of the answer")
            case _:
                return ConnectionFailed(f"{url} closed the connection without an answer")


def _checked(event: StreamEvent) -> StreamEvent:
    if isinstance(event, StreamError):
        raise ProviderError(event.message)
    return event


async def _read(response: httpx.Response, limit: int, *, cut: bool = False) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            if cut:
                break
            raise StreamTooLarge(f"the answer is larger than {limit} bytes, the limit")
    return bytes(body[:limit])


@cache
def _tls_context() -> ssl.SSLContext:
    return httpx.create_ssl_context()


@cache
def _no_tls_context() -> ssl.SSLContext:
    """Return an empty context for plain http, which trusts no certificate at all."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
