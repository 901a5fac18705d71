"""A ChatNode with a raw server, and every text that it displayed."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from printer_widget import ChatError, ChatNode, Message
from printer_widget.loop import turns
from printer_widget.turn import Turn
from servers import Answer, Server, _open_sockets, no_wait, source
from sources import drain

_LIMIT_S = 10


@dataclass(frozen=True)
class Ending:
    """How a turn ended, as its reader sees it."""

    status: str
    text: str
    says: str | None
    error: ChatError | None


class WatchedChat:
    """A ChatNode that notes what it displays, and never really waits before another attempt.

    ``through`` makes another source of its own.

    Attributes:
        shown: each value that ``streamedText`` had.
        waits: what was waited before each further attempt, in seconds.
        tried: what the view said of each further attempt.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self.before = turns.call(lambda: asyncio.all_tasks(turns.loop))
        self.shown: list[str] = []
        self.waits: list[float] = []
        self.tried: list[tuple[int, int] | None] = []
        self._wait = options.pop("wait", no_wait)
        through = options.pop("through", lambda made: made)
        self.node = ChatNode(through(source(url, wait=self._note_wait, **options)))
        self.node.observe(lambda change: self.shown.append(change["new"]), "streamedText")

    async def _note_wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.tried.append(self.node._chat.state.attempt)
        await self._wait(seconds)

    def begin(self, text: str = "Hi") -> Turn:
        """Ask."""
        self.shown.clear()
        return self.node.send(text)

    def ask(self, text: str = "Hi") -> Ending:
        """Ask, and wait for the ending."""
        return self.ending(self.begin(text))

    def ending(self, turn: Turn) -> Ending:
        """Wait for the ending, and check what every ending must keep to."""
        error: ChatError | None = None
        try:
            reply: Message = turn.result(_LIMIT_S)
        except ChatError as raised:
            reply, error = raised.reply, raised
        drain()
        assert self.node.streamedText == reply.content == turn.text
        assert self.node.isStreaming is False
        assert self.node.messages[-1] == reply.to_dict()
        assert (error is None) == (reply.status in {"complete", "stopped"})
        assert reply.error == (None if error is None else str(error))
        assert self.node._chat.state.attempt is None
        assert not turn._lock.locked()
        return Ending(reply.status, reply.content, reply.error, error)

    def settle(self, *, but: asyncio.Task[Any] | None = None) -> None:
        """Wait until nothing of this chat is under way any more, but one task."""
        keep = self.before | {but}
        asyncio.run_coroutine_threadsafe(_ended(keep), turns.loop).result()

    def check_shown(self, sent: str) -> None:
        """Check that what was displayed was at every moment a prefix of what was sent."""
        for before, after in zip(["", *self.shown], self.shown, strict=False):
            assert after.startswith(before)
        assert sent.startswith("".join(self.shown[-1:]))


@contextmanager
def watched(url: str, **options: Any) -> Iterator[WatchedChat]:
    """Open a chat; at the end it is closed, and all its tasks have ended.

    The server must still be there then: it may be told of a stop.
    """
    chat = WatchedChat(url, **options)
    try:
        yield chat
    finally:
        chat.node.close()
        chat.settle()


async def _ended(before: set[asyncio.Task[Any]]) -> None:
    while tasks := asyncio.all_tasks() - before - {asyncio.current_task()}:
        done, left = await asyncio.wait(tasks, timeout=_LIMIT_S)  # one may leave another behind
        assert done, f"tasks that do not end: {left}"


@contextmanager
def serve_beside(answer: Answer) -> Iterator[Server]:
    """Serve on the turns' own loop: much faster than on another thread, where there is much."""
    server = Server(answer)
    listening = asyncio.run_coroutine_threadsafe(server.open(), turns.loop).result()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.close(listening), turns.loop).result()


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Check that what runs inside leaves no task on the turns' loop, no socket and no thread."""
    assert turns.loop.is_running()  # its own sockets and its thread do not count
    before = _everything()
    yield
    deadline = time.monotonic() + _LIMIT_S
    while (left := _everything() - before) and time.monotonic() < deadline:
        drain()
    assert left == set(), f"left behind: {left}"


def _everything() -> set[object]:
    return {
        *turns.call(lambda: asyncio.all_tasks(turns.loop)),
        *_open_sockets(),
        # A loop keeps the threads that look up names.
        *(each for each in threading.enumerate() if not each.name.startswith("asyncio_")),
    }
