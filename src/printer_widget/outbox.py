"""Sends what :mod:`printer_widget.sync` plans, when it is due; runs on the turns' loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from .loop import BackgroundLoop
from .sync import Outgoing, State, Sync
from .wire import Report

logger = logging.getLogger("printer_widget")


class Outbox:
    """Keep the browsers of one chat up to date.

    Args:
        state: what they know at first.
        send: sends one message to all of them.
        is_deaf: says whether the kernel can hear none of them now.
        loop: on which all of this runs.
    """

    def __init__(
        self,
        state: State,
        *,
        send: Callable[[Outgoing], None],
        is_deaf: Callable[[], bool],
        loop: BackgroundLoop,
    ) -> None:
        self._state = state
        self._send = send
        self._is_deaf = is_deaf
        self._loop = loop
        self._sync = Sync(state)
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def show(self, state: State) -> None:
        """Send what is new in ``state``, as far as there is anyone to see it."""
        self._state = state
        self._pump()

    def heard(self, report: Report) -> None:
        """Take what a browser says of itself, and send what it lacks."""
        self._sync.heard(report, self._loop.loop.time())
        self._pump()

    def send_all(self) -> None:
        """Send a keyframe, whatever the browsers know."""
        self._sync.reset()
        self._pump()

    def close(self) -> None:
        """Send nothing more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _pump(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._closed:
            return
        if self._is_deaf():
            self._sync.excuse(self._loop.loop.time())
        try:
            for message in self._sync.plan(self._state, self._loop.loop.time()):
                self._send(message)
        except Exception:
            logger.exception("a message to the browser could not be sent")
            self._sync.reset(since=self._loop.loop.time())
        due = self._sync.deadline(self._state)
        if due is not None:
            self._timer = self._loop.loop.call_at(due, self._pump)
