"""Time that stands still: the turns' loop on the caller's thread, its clock moved by a test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from printer_widget.loop import turns

_ENDLESS = 10_000


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that runs only where a test says so, and never waits.

    Attributes:
        now: what its clock shows, in seconds.
    """

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__()

    def time(self) -> float:
        """Return what the clock shows."""
        return self.now

    @property
    def due(self) -> float | None:
        """When the next timer is due; None for never."""
        times = [timer.when() for timer in self._scheduled if not timer.cancelled()]
        return min(times, default=None)

    def settle(self) -> None:
        """Run all that can run without time going on."""
        for _ in range(_ENDLESS):
            self.call_soon(self.stop)
            self.run_forever()
            if not self._ready and (self.due is None or self.due > self.now):
                return
        raise AssertionError(f"this never ends: {[*self._ready, *self._scheduled]}")


@contextmanager
def virtual_turns() -> Iterator[VirtualLoop]:
    """Run the turns on a virtual loop: chats that are made inside live and end there."""
    before = turns._loop, turns._thread, turns._ident
    loop = VirtualLoop()
    turns._loop, turns._thread, turns._ident = loop, None, threading.get_ident()
    try:
        yield loop
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.settle()
    finally:
        turns._loop, turns._thread, turns._ident = before
        loop.close()
