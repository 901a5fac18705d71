"""The network between the browser and JupyterLab, which a test can cut, slow down, or make lossy.

The cable is a TCP proxy: neither an offline switch of the browser nor a closed WebSocket object
loses what is on its way, as a cable does.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress

from playwright.sync_api import BrowserContext, WebSocketRoute


class Cable:
    """Carries every connection to ``port`` of this machine; ``self.port`` is its own end."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._speed: tuple[float, float] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        start = asyncio.start_server(self._carry, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result(5)
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Break every connection, losing what is on its way, and let none through any more."""
        self._call(self._break)

    def mend(self) -> None:
        """Carry new connections again."""
        self._is_cut = False

    def slow_down(self, *, bytes_per_s: float, delay_s: float) -> None:
        """Carry so much of each connection in each direction, and all of it so much later."""
        self._speed = bytes_per_s, delay_s

    def close(self) -> None:
        """Break everything, for good."""
        self._call(self._server.close)
        self._call(self._break)

        async def end() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*others, return_exceptions=True)
            self._loop.stop()

        asyncio.run_coroutine_threadsafe(end(), self._loop)
        self._thread.join(5)
        self._loop.close()

    def _break(self) -> None:
        self._is_cut = True
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, back}
        try:
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        finally:
            self._open -= {writer, back}

    def _call(self, function: Callable[[], object]) -> None:
        async def call() -> None:
            function()

        asyncio.run_coroutine_threadsafe(call(), self._loop).result(5)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(1 << 16 if self._speed is None else 1 << 10):
                if self._speed is None:
                    target.write(data)
                    await target.drain()
                else:
                    bytes_per_s, delay_s = self._speed
                    await asyncio.sleep(len(data) / bytes_per_s)
                    self._loop.call_later(delay_s, target.write, data)
        if self._speed is not None:
            await asyncio.sleep(2 * self._speed[1])  # until the last of it has arrived
        target.close()
        with suppress(OSError):
            await target.wait_closed()


class Lossy:
    """The kernel's WebSocket, of which a test may drop or hold what comes to the page.

    Attributes:
        drops: comm messages are dropped, as Jupyter Server does above its limit.
        dropped: what was, without its spaces.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.drops = False
        self.dropped = b""
        self._held: list[Callable[[], None]] | None = None
        context.route_web_socket("**/api/kernels/*/channels*", self._route)

    def hold(self) -> None:
        """Keep every message from now on."""
        self._held = []

    def release(self) -> None:
        """Let everything through that was kept."""
        held, self._held = self._held or [], None
        for send in held:
            send()

    def _route(self, page: WebSocketRoute) -> None:
        def carry(message: str | bytes) -> None:
            raw = message.encode() if isinstance(message, str) else message
            if self.drops and b'"comm_msg"' in raw:
                self.dropped += raw.replace(b" ", b"")
            elif self._held is not None:
                self._held.append(lambda: page.send(message))
            else:
                page.send(message)

        page.connect_to_server().on_message(carry)
