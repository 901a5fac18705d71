"""A provider's answer over HTTP: open, bound, read, close. The only module that knows httpx.

What it keeps to: a connect limit, and an idle limit that any byte resets (a comment too: that is
what pings are for); 200 and the right content type, or a sentence on what came instead; redirects
are not followed, as they would carry the question and the token elsewhere; the stream is
complete only if the provider's end was seen.

Each answer has a client of its own: its life is then the answer's, on whatever loop, and no
socket outlives it. What is expensive about a client is its TLS context, so that is shared.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from functools import cache
from urllib.parse import urlsplit

import httpx

from ..batching import join_surrogates
from ..conversation import Question
from ..errors import (
    ChatError,
    ConnectionFailed,
    ProviderError,
    StreamFormatError,
    StreamInterrupted,
    StreamTooLarge,
)
from ..events import StreamEnd, StreamError, StreamEvent
from ..providers.base import Provider, is_loopback, parse_json, shorten
from ..sse import MAX_EVENT_BYTES, EventStreamDecoder

_Opening = AbstractAsyncContextManager[httpx.Response]

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
    """

    def __init__(
        self,
        provider: Provider,
        *,
        connect_timeout_s: float = 10.0,
        idle_timeout_s: float = 120.0,
        max_event_bytes: int = MAX_EVENT_BYTES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._provider = provider
        self._timeout = httpx.Timeout(idle_timeout_s, connect=connect_timeout_s)
        self._max_event_bytes = max_event_bytes
        self._transport = transport

    def __repr__(self) -> str:
        """Return the provider's repr, which shows nothing secret."""
        return f"HttpSource({self._provider!r})"

    @property
    def label(self) -> str:
        """The host that is asked."""
        return urlsplit(self._provider.url).netloc

    async def stream(self, question: Question) -> AsyncIterator[StreamEvent]:
        """Yield the events of the answer.

        Raises:
            ConnectionFailed: if no answer began.
            ProviderError: if the server says that it failed, by status or by an event.
            StreamFormatError: if what came is not the provider's protocol.
            StreamInterrupted: if the stream broke off, or was silent for too long.
            StreamTooLarge: if one event is larger than its limit.
        """
        began = False
        try:
            async with await self._client() as client, self._open(client, question) as response:
                began = response.status_code == httpx.codes.OK
                async with aclosing(self._events(response)) as events:
                    async for event in events:
                        yield event
                        if isinstance(event, StreamEnd):
                            return
            failure: ChatError = StreamInterrupted(
                "the stream ended before the answer was complete: the server closed it early"
            )
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            failure = self._explain(error, began=began)
        # Raised outside of the except block: httpx's exception holds the request with its token,
        # and would be reachable as the context of ours.
        raise failure

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

    def _open(self, client: httpx.AsyncClient, question: Question) -> _Opening:
        spec = self._provider.request(question)
        headers = {
            "Accept-Encoding": "identity",
            "Cache-Control": "no-store",
            "Content-Type": "application/json",
            **spec.headers,
        }
        # httpx's own json= fails on a lone surrogate, which a text of any origin may hold.
        body = join_surrogates(json.dumps(dict(spec.json), ensure_ascii=False)).encode()
        return client.stream(spec.method, spec.url, headers=headers, content=body)

    async def _events(self, response: httpx.Response) -> AsyncGenerator[StreamEvent, None]:
        if response.status_code != httpx.codes.OK:
            raise await self._refusal(response)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            body = await _read(response, MAX_JSON_BYTES)
            for event in self._provider.decode_json(parse_json(body, where="the answer")):
                yield _checked(event)
            return
        if kind != "text/event-stream":
            raise StreamFormatError(
                f"expected an event stream (text/event-stream) from {self._provider.url}, got "
                f"{shorten(kind, 60) or 'no content type'}: is this the right URL?"
            )
        decoder = EventStreamDecoder(max_event_bytes=self._max_event_bytes)
        async for chunk in response.aiter_bytes():
            for frame in decoder.feed(chunk):
                for event in self._provider.decode(frame):
                    yield _checked(event)
        decoder.feed(b"")

    async def _refusal(self, response: httpx.Response) -> ProviderError:
        status = response.status_code
        if response.is_redirect:
            return ProviderError(
                f"HTTP {status}: {self._provider.url} redirects elsewhere, and redirects are not "
                "followed: they would carry the question and the token to another server. "
                "Use the final URL",
                status=status,
            )
        body = b""
        with suppress(httpx.HTTPError):  # the status alone says enough
            body = await _read(response, MAX_ERROR_BYTES, cut=True)
        return ProviderError(self._provider.decode_error(status, body), status=status)

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
