"""One connection's way through the events of a run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Protocol

from .blocks import PING


class Readable(Protocol):
    """What has numbered events to read: a run."""

    def has_after(self, number: int) -> bool:
        """Say whether there is, or may yet be, an event after this one."""
        ...

    def read(self, number: int) -> tuple[bytes, int]:
        """Return stored events after one, as many as are sent at a time, and the last's number."""
        ...

    def size_of(self, number: int) -> int:
        """Return how many bytes the events up to this one are."""
        ...

    def note_taken(self) -> None:
        """Let the model go on: a reader did."""
        ...


class Reader:
    """One connection that reads a run, from some event on."""

    def __init__(self, run: Readable, after: int, *, ping_s: float, head: bytes) -> None:
        self.at = after  # number of the last event that was handed to the connection
        self.taken = run.size_of(after)
        self._run = run
        self._ping_s = ping_s
        self._head = head  # goes before the first event
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There is something to read."""
        self._news.set()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the events as bytes, as they are stored, and pings in silence, to the end."""
        run = self._run
        head = self._head
        while True:
            chunk, last = run.read(self.at)
            if chunk:
                yield head + chunk
                # Here again, the connection has taken it.
                head = b""
                self.at = last
                self.taken += len(chunk)
                run.note_taken()
            elif not run.has_after(self.at):
                return
            else:
                self._news.clear()
                try:
                    async with asyncio.timeout(self._ping_s):
                        await self._news.wait()
                except TimeoutError:
                    yield PING
