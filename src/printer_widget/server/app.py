"""The reference backend: one question in, one stream of five events out.

The laws of a stream::

    stream_start {"status": "streaming"}
    conversation_id {"conversation_id"}     when the request named no conversation
    message {"token"}                       as often as the model speaks
    stream_end {"message_id", "status": "complete"}   or, the model having failed,
    error {"error"}                         a sentence, after which nothing comes

A comment, ``: ping``, goes out whenever the model has been silent for a while, so that proxies
and clients can tell a thinking model from a dead line. A client that goes away ends the model's
work at once: that is what Stop is, seen from here.

Data is JSON in one line, so no text can break an event. The model is asked for its next token
when the last one has been handed to the connection: a slow reader slows the model down, and what
is remembered of a stopped answer is what was sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from ..demo import demo_model
from .guard import Guard
from .store import ConversationStore

Model = Callable[[Sequence[Mapping[str, Any]]], AsyncIterator[str]]
"""Takes the messages, oldest first, and yields the answer's text piece by piece."""

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""The names by which a browser may call a loopback server (a port may follow)."""

CLOSING_S = 5.0
"""How long a model may take to close after its client went away, before the log says so."""

PING = b": ping\n\n"

_log = logging.getLogger(__name__)

Name = Annotated[str, Field(min_length=1, max_length=256)]


class ChatRequest(BaseModel):
    """One question, as the Printer client sends it."""

    user_message: Annotated[str, Field(min_length=1)]
    context_node_ids: list[str] = []
    project_id: str | None = None
    chat_node_id: str | None = None
    conversation_id: Name | None = None
    system: str | None = None


class EventStream(StreamingResponse):
    """Send an event stream, and end it as soon as its client goes away.

    FastAPI's own ``EventSourceResponse`` does not fit: its ping interval is a constant, it writes
    non-ASCII text as escapes, and it runs ahead of the connection by several events.
    ``StreamingResponse`` waits for the disconnect only under servers of an older ASGI version;
    under the others it would notice at the next token, however long the model thinks.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes, None], status_code: int = 200) -> None:
        # FastAPI's OpenAPI generator reads the status code out of this signature.
        super().__init__(
            events,
            status_code=status_code,
            # X-Accel-Buffering: nginx would otherwise collect tokens until its buffer is full.
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )
        self._events = events

    async def __call__(
        self,
        scope: Scope,  # noqa: ARG002 - ASGI calls with three
        receive: Receive,
        send: Send,
    ) -> None:
        """Send until the stream ends or the client goes away, whichever comes first."""
        sending = asyncio.create_task(self._send_all(send))
        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            was_sent = sending.done()
            sending.cancel()
            leaving.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
        if was_sent:
            sending.result()

    async def _send_all(self, send: Send) -> None:
        # Cancelled while sending, the generator hangs at its yield, and only closing it here,
        # not some later garbage collection, ends the model in time.
        async with contextlib.aclosing(self._events):
            await self.stream_response(send)


def create_app(
    *,
    token: str | None,
    model: Model = demo_model,
    ping_interval_s: float = 15.0,
    allowed_hosts: Sequence[str] = LOOPBACK_NAMES,
) -> FastAPI:
    """Build the backend's ASGI app.

    ``token`` is what clients must send; with None anyone who reaches the port may ask.
    ``ping_interval_s`` is the silence, in seconds, after which a comment is sent.
    ``allowed_hosts`` are the host names that requests may carry, without a port; a backend that
    listens on more than loopback must name its own. Refusing the others keeps web pages from
    reaching a loopback port under a name of theirs (DNS rebinding).

    Raises ValueError for an empty token or an interval that is not above 0.
    """
    if token is not None and not token.strip():
        raise ValueError("The token is empty; pass None for a backend that asks for none.")
    if not ping_interval_s > 0:
        raise ValueError(f"ping_interval_s must be above 0 seconds, not {ping_interval_s!r}.")
    app = FastAPI(title="Printer backend", docs_url=None, redoc_url=None)
    store = ConversationStore()

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.post(
        "/api/chat/stream",
        response_class=EventStream,
        responses={401: {}, 413: {}, 415: {}},
    )
    async def chat_stream(chat: ChatRequest) -> EventStream:
        return EventStream(_events(chat, store, model=model, ping_interval_s=ping_interval_s))

    @app.exception_handler(RequestValidationError)
    async def refuse_invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # As FastAPI does, but for sending the input back: it may be a megabyte, or hold half a
        # surrogate pair, which ends as a status 500.
        told = [{key: each[key] for key in ("type", "loc", "msg")} for each in error.errors()]
        return JSONResponse({"detail": told}, status_code=422)

    app.add_middleware(Guard, token=token)
    # The last one added is asked first. An older Starlette cuts an IPv6 name at its first colon
    # and so refuses it: a nuisance, not a hole.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts), www_redirect=False)
    return app


async def _events(
    chat: ChatRequest,
    store: ConversationStore,
    *,
    model: Model,
    ping_interval_s: float,
) -> AsyncGenerator[bytes, None]:
    """Yield the answer's events, encoded; close it to end the model."""
    yield _encode("stream_start", {"status": "streaming"})
    conversation_id = chat.conversation_id
    if conversation_id is None:
        # The reader may parse it as a UUID; all of its 128 bits are random.
        conversation_id = str(uuid.UUID(bytes=secrets.token_bytes(16)))
        yield _encode("conversation_id", {"conversation_id": conversation_id})

    exchange = store.begin(conversation_id, chat.user_message)
    messages = store.messages(conversation_id)
    if chat.system is not None:
        messages.insert(0, {"role": "system", "content": chat.system})

    # The model runs in one task of its own from its first step to its last, because timeouts and
    # context variables inside it belong to a task; and a ping must not cancel what it waits for.
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    running = asyncio.create_task(_run(model, messages, queue))
    running.add_done_callback(lambda task: _finish(task, queue))
    try:
        while True:
            try:
                async with asyncio.timeout(ping_interval_s):
                    token = await queue.get()
            except TimeoutError:
                yield PING
                continue
            if token is None:
                break
            yield _encode("message", {"token": token})
            exchange.parts.append(token)
            queue.task_done()
    finally:
        await _close(running)

    failure = asyncio.CancelledError() if running.cancelled() else running.exception()
    if failure is None:
        ending = {"message_id": str(uuid.uuid4()), "status": "complete"}
        yield _encode("stream_end", ending)
    else:
        _log.error("The model failed while it was answering.", exc_info=failure)
        sentence = "The model failed while it was answering; the backend's log says why."
        yield _encode("error", {"error": sentence})


async def _run(
    model: Model, messages: Sequence[Mapping[str, Any]], queue: asyncio.Queue[str | None]
) -> None:
    """Put the model's tokens into the queue, each one when the last has been sent."""
    answer = model(messages)
    try:
        async for token in answer:
            if not isinstance(token, str):
                raise TypeError(f"A model yields text (str), not {type(token).__name__}.")
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                break  # the model caught its cancellation and goes on, but nobody listens
            if token:
                queue.put_nowait(token)
                await queue.join()
    finally:
        close = getattr(answer, "aclose", None)
        if close is not None:
            await close()


def _finish(task: asyncio.Task[None], queue: asyncio.Queue[str | None]) -> None:
    if not task.cancelled():
        task.exception()  # asked for here, so that asyncio does not complain that nobody did
    queue.put_nowait(None)


async def _close(running: asyncio.Task[None]) -> None:
    """End the model's task if it still runs, and give it time to tidy up."""
    if running.done():
        return
    running.cancel()
    _, unfinished = await asyncio.wait({running}, timeout=CLOSING_S)
    if unfinished:
        _log.warning(
            "The model has not ended %g s after its client went away: does it catch and drop "
            "asyncio.CancelledError?",
            CLOSING_S,
        )


def _encode(event: str, data: Mapping[str, str]) -> bytes:
    """Write one event: JSON in a single line of UTF-8.

    U+0085, U+2028 and U+2029 are legal in JSON and in an event stream but end a line for
    ``str.splitlines``, on which several clients rely, so they go as escapes. So does a token that
    ends between the halves of a surrogate pair, which UTF-8 cannot express: the reader's JSON
    gives both halves back, and the text is whole again once they are joined.
    """
    text = json.dumps(data, ensure_ascii=False)
    for terminator in "\x85\u2028\u2029":
        text = text.replace(terminator, f"\\u{ord(terminator):04x}")
    try:
        line = text.encode()
    except UnicodeEncodeError:
        line = json.dumps(data).encode()
    return b"event: %b\ndata: %b\n\n" % (event.encode(), line)
