"""One question and its answer: its task, its text, and its one ending.

A turn ends exactly once: ``complete``, ``stopped``, ``interrupted`` or ``error``. The ending is
recorded by the task's done-callback or by ``stop``, never by the coroutine, as a task that is
cancelled before its first step runs neither its body nor its ``finally``. An ending flushes what
was batched, hands the reply to the listener, and only then resolves the turn. Whatever the source
yields after that is dropped.

Everything whose name begins with an underscore runs on the turns' loop.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import Future
from contextlib import AbstractContextManager, aclosing, nullcontext, suppress
from typing import Any, Protocol, cast

from .batching import Batcher, join_surrogates
from .conversation import Message, Question, Status
from .errors import ChatError, ProviderError, StreamInterrupted, StreamTooLarge
from .events import (
    ConversationAssigned,
    ReasoningDelta,
    Reconnecting,
    StreamEnd,
    StreamEvent,
    StreamStart,
    TextDelta,
)
from .loop import BackgroundLoop
from .reply import Facts
from .sources import Source

MAX_REPLY = 4 << 20
"""Default limit of a reply: 4 Mi characters, its reasoning and the arguments of tools included."""

_LONGEST_ID = 128

_SLICE_S = 0.004
"""The longest time that events already received may keep the loop from Stop and the flush."""


class TurnListener(Protocol):
    """Is told what a turn does, on the turns' loop."""

    def text_arrived(self, turn: Turn, text: str) -> None:
        """Take ``text``, which the turn's text has just grown by."""

    def reasoning_arrived(self, turn: Turn, text: str) -> None:
        """Take ``text``, which the turn's reasoning has just grown by."""

    def conversation_assigned(self, turn: Turn, conversation_id: str) -> None:
        """Take the id under which the server keeps the conversation."""

    def connection_tried(self, turn: Turn, attempt: tuple[int, int] | None) -> None:
        """Take that the connection is tried again, ``(attempt, of)``; None once it is there."""

    def turn_ended(self, turn: Turn, reply: Message) -> None:
        """Take the ending; the turn resolves when this returns."""


WatchCell = Callable[[], AbstractContextManager[Callable[[], bool]]]
"""Enclose a wait in a notebook's cell; what it gives says whether the cell was cancelled."""


Echo = Callable[[Callable[[], None]], AbstractContextManager[Callable[[str], None] | None]]
"""Enclose a wait at a prompt; gives what prints each piece, or None where nothing shall.

It takes what stops the turn, and raises KeyboardInterrupt at its end where that was pressed for.
"""


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def silent(_stop: Callable[[], None]) -> AbstractContextManager[None]:
    """Print nothing."""
    return nullcontext()


class Turn:
    """A running or ended turn, as ``chat.send`` returns it.

    ``await turn``, ``turn.result()`` and ``async for delta in turn`` may be used from any thread
    and any loop, several times, and after the end. A turn that nobody waits for raises nowhere.
    """

    def __init__(
        self,
        question: Question,
        source: Source,
        *,
        id: str,  # noqa: A002  # the field's name for it
        timestamp: str,
        loop: BackgroundLoop,
        listener: TurnListener,
        batcher: Batcher,
        watch_cell: WatchCell = lambda: nullcontext(lambda: False),
        echo: Echo = silent,
        max_reply: int = MAX_REPLY,
    ) -> None:
        self.id = id
        self.question = question
        self._source = source
        self._timestamp = timestamp
        self._loop = loop
        self._listener = listener
        self._batcher = batcher
        self._watch_cell = watch_cell
        self._echo = echo
        self._room = max_reply
        self._max_reply = max_reply
        self._reply_id = id
        self._conversation_id = question.conversation.id
        self._text = ""
        self._reasoning = ""
        self._thoughts = Batcher(interval_s=batcher.interval_s)
        self._facts = Facts()
        self._task: asyncio.Task[bool] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._outcome: Future[Message] = Future()
        self._ended = False
        self._reconnecting = False
        self._lock = threading.Lock()
        self._followers: dict[Callable[[], None], bool] = {}  # True: wants every piece

    def __repr__(self) -> str:
        """Return the same words in every run and phase, so that a stored output compares equal."""
        return "<Turn: await it, or call .result(), for the reply>"

    # For its user: any thread ----------------------------------------------------------------

    @property
    def text(self) -> str:
        """The answer as far as it has come."""
        return self._text

    def so_far(self) -> Message:
        """Return the answer as far as it has come, as one that says it is not all."""
        return self._message("interrupted", "the answer was still coming")

    def done(self) -> bool:
        """Say whether the turn has ended."""
        return self._outcome.done()

    def stop(self) -> None:
        """Stop the answer and keep what came; does nothing once the turn has ended."""
        if not self._loop.stopped:
            self._loop.call(self._end, "stopped")

    def result(self, timeout: float | None = None) -> Message:
        """Wait for the reply, from synchronous code.

        Args:
            timeout: the longest wait in seconds; the turn goes on when it is over.

        Raises:
            ChatError: a subclass of it, if the answer failed; its ``.reply`` is what came.
            TimeoutError: if the turn did not end in time.
            TypeError: if the timeout is no number.
            RuntimeError: on the loop that runs the turn, where waiting would stop it for ever.
        """
        if self._loop.is_here() and not self.done():
            raise RuntimeError(
                "result() cannot wait here: this code runs on the loop that runs the turn "
                "(a callback or an observer). Use 'await turn', or chat.on_complete"
            )
        if not isinstance(timeout, int | float | None):
            raise TypeError(f"timeout must be a number of seconds, got {type(timeout).__name__}")
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            if not self.done():
                with self._echo(self._stop_soon) as write:
                    if write is not None:
                        self._follow(write, deadline)
            return self._outcome.result(_left(deadline))
        except KeyboardInterrupt:
            self.stop()
            raise
        except TimeoutError:
            raise TimeoutError(f"no end within {timeout} s: wait again, or stop() it") from None

    def __await__(self) -> Generator[Any, None, Message]:
        """Wait for the reply.

        A timeout of the waiter does not stop the turn; interrupting the kernel does.

        Raises:
            ChatError: a subclass of it, if the answer failed; its ``.reply`` is what came.
        """
        return self._wait().__await__()

    async def __aiter__(self) -> AsyncIterator[str]:
        """Yield the answer's text: what has come at once, then each piece as it comes.

        Raises:
            ChatError: after the last piece, if the answer failed.
        """
        async for piece in self._pieces():
            yield piece
        self._outcome.result()

    async def _pieces(self) -> AsyncIterator[str]:
        seen = 0
        while True:
            done = self.done()
            text = self._text
            if len(text) > seen:
                piece, seen = text[seen:], len(text)
                yield piece
            elif done:
                return
            else:
                await self._change(seen)

    def _follow(self, write: Callable[[str], None], deadline: float | None) -> None:
        """Write each piece as it comes, until the turn has ended or the time is over."""
        changed = threading.Event()
        seen = 0
        with self._lock:
            self._followers[changed.set] = True
        try:
            while True:
                changed.clear()
                done = self.done()
                text = self._text
                if len(text) > seen:
                    piece, seen = text[seen:], len(text)
                    write(piece)
                elif done or not changed.wait(_left(deadline)):
                    return
        finally:
            with self._lock:
                self._followers.pop(changed.set, None)

    def _stop_soon(self) -> None:
        self._loop.post(self._end, "stopped")

    async def _wait(self) -> Message:
        if not self.done():
            with self._echo(self._stop_soon) as write:
                if write is None:
                    while not self.done():
                        await self._change(None)
                else:
                    async for piece in self._pieces():
                        write(piece)
        return self._outcome.result()

    async def _change(self, seen: int | None) -> None:
        """Wait until the turn has ended, or has more text than ``seen`` (None: the end only)."""
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the waiter's loop was closed
                loop.call_soon_threadsafe(changed.set)

        with self._lock:
            if self.done() or (seen is not None and len(self._text) > seen):
                return
            self._followers[wake] = seen is not None
        with self._watch_cell() as cell_was_cancelled:
            try:
                await changed.wait()
            except asyncio.CancelledError:
                # A timeout of the waiter takes its cancellation back before the loop's next
                # round; an interrupted cell stays cancelled, and takes its turn along.
                loop.call_soon(self._stop_if, cell_was_cancelled)
                raise
            finally:
                with self._lock:
                    self._followers.pop(wake, None)

    def _stop_if(self, cancelled: Callable[[], bool]) -> None:
        if cancelled():
            self._loop.post(self._end, "stopped")

    # The engine: on the turns' loop ----------------------------------------------------------

    def _start(self) -> None:
        self._task = self._loop.loop.create_task(self._consume())
        self._task.add_done_callback(self._task_done)

    async def _consume(self) -> bool:
        """Take the events of the source; True once its end was seen."""
        loop = self._loop.loop
        yielded_at = loop.time()
        stream = cast("Any", self._source.stream(self.question))
        async with aclosing(stream) if hasattr(stream, "aclose") else nullcontext(stream) as events:
            async for event in events:
                if loop.time() - yielded_at > _SLICE_S:
                    await asyncio.sleep(0)
                    yielded_at = loop.time()
                if self._ended:
                    return False
                self._take(event, loop.time())
                if isinstance(event, StreamEnd):
                    return True
        return False

    def _take(self, event: StreamEvent, now: float) -> None:
        if isinstance(event, Reconnecting):
            self._flush()
            self._reconnecting = True
            self._listener.connection_tried(self, (event.attempt, event.of))
        elif self._reconnecting:
            self._reconnecting = False
            self._listener.connection_tried(self, None)
        match event:
            case TextDelta(text):
                self._collect(self._batcher, text, now)
            case ReasoningDelta(text):
                self._collect(self._thoughts, text, now)
            case ConversationAssigned(conversation_id):
                self._conversation_id = join_surrogates(conversation_id)
                self._listener.conversation_assigned(self, self._conversation_id)
            case StreamStart(message_id=message_id) | StreamEnd(message_id):
                self._reply_id = self._checked_id(message_id)
            case _:
                self._spend(self._facts.take(event))

    def _collect(self, batcher: Batcher, text: str, now: float) -> None:
        batcher.add(text[: self._room], now)
        self._spend(len(text))
        # What is due now waits for the loop's next round: the rest of the same read goes along.
        if batcher.due is not None and self._timer is None:
            self._timer = self._loop.loop.call_at(batcher.due, self._flush)

    def _spend(self, characters: int) -> None:
        self._room -= characters
        if self._room < 0:
            raise StreamTooLarge(
                f"the reply is longer than {self._max_reply} characters, the limit"
            )

    def _checked_id(self, message_id: str | None) -> str:
        """Return the server's id of the reply, unless it is none, or another message's."""
        taken = {message.id for message in self.question.conversation.messages}
        is_usable = message_id and len(message_id) <= _LONGEST_ID and message_id not in taken
        return join_surrogates(message_id) if message_id and is_usable else self._reply_id

    def _flush(self, *, final: bool = False) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._loop.loop.time()
        thought = self._thoughts.flush(now, final=final)
        if thought:
            self._reasoning += thought
            self._listener.reasoning_arrived(self, thought)
        text = self._batcher.flush(now, final=final)
        if text:
            with self._lock:
                self._text += text
            self._listener.text_arrived(self, text)
            self._wake_followers()

    def _wake_followers(self) -> None:
        with self._lock:
            followers = [wake for wake, each in self._followers.items() if each or self.done()]
        for wake in followers:
            wake()

    def _task_done(self, task: asyncio.Task[bool]) -> None:
        if task.cancelled():
            self._end("stopped")
            return
        error = task.exception()
        if error is None and not task.result():
            error = StreamInterrupted("the answer stopped coming before its end")
        if error is None:
            self._end("complete")
        elif isinstance(error, StreamInterrupted):
            self._end("interrupted", error)
        elif isinstance(error, ChatError):
            self._end("error", error)
        else:
            wrapped = ProviderError(f"{self._source.label} raised {type(error).__name__}: {error}")
            wrapped.__cause__ = error
            self._end("error", wrapped)

    def _message(self, status: Status, error: str | None) -> Message:
        return Message(
            id=self._reply_id,
            role="assistant",
            content=self._text,
            timestamp=self._timestamp,
            status=status,
            conversation_id=self._conversation_id,
            error=error,
            reasoning=self._reasoning or None,
            **self._facts.fields(),
        )

    def _end(self, status: Status, error: ChatError | None = None) -> None:
        if self._ended:
            return
        self._flush(final=True)
        self._ended = True
        reply = self._message(status, str(error) if error else None)
        try:
            self._listener.turn_ended(self, reply)
        finally:
            if error is None:
                self._outcome.set_result(reply)
            else:
                error.reply = reply
                self._outcome.set_exception(error)
            self._wake_followers()
            if self._task is not None and not self._task.done():
                self._task.cancel()
