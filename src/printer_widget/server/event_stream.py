"""The response that carries a run's events to one client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from .reader import Reader
from .run import Run


class EventStream(StreamingResponse):
    """Send a run's events after one of them, until it ends or the client goes away.

    FastAPI's own ``EventSourceResponse`` does not fit: its ping interval is a constant, it writes
    non-ASCII text as escapes, and it runs ahead of the connection by several events.
    ``StreamingResponse`` waits for the disconnect only under servers of an older ASGI version;
    under the others it would notice at the next token, however long the model thinks.
    """

    media_type = "text/event-stream"

    def __init__(self, run: Run, after: int = 0, status_code: int = 200) -> None:
        # FastAPI's OpenAPI generator reads the status code out of this signature.
        super().__init__(
            (),
            status_code=status_code,
            # X-Accel-Buffering: nginx would otherwise collect tokens until its buffer is full.
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )
        self._run = run
        self._after = after

    async def __call__(
        self,
        scope: Scope,  # noqa: ARG002 - ASGI calls with three
        receive: Receive,
        send: Send,
    ) -> None:
        """Send until the stream ends or the client goes away, whichever comes first."""
        # Joined here, not at the first step of a task that a cancellation may keep from it.
        reader = self._run.join(self._after)
        sending = asyncio.create_task(self._send_all(reader, send))
        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            was_sent = sending.done()
            sending.cancel()
            leaving.cancel()
            self._run.leave(reader)
            await asyncio.gather(sending, leaving, return_exceptions=True)
        if was_sent:
            sending.result()

    async def _send_all(self, reader: Reader, send: Send) -> None:
        chunks: AsyncGenerator[bytes, None] = reader.chunks()
        self.body_iterator = chunks
        async with contextlib.aclosing(chunks):
            await self.stream_response(send)
